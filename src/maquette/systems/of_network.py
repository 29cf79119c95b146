"""`OfNetwork`: what the classes of the systems have in common, whatever they make."""

from typing import Any, Generic, TypeVar

import torch
from torch import nn

NetworkT = TypeVar("NetworkT", bound=nn.Module)


class OfNetwork(Generic[NetworkT]):
    """A network with its settings in `config`, and weights that came from somewhere.

    Attributes:
        network: in evaluation mode.
        weights: where its weights came from.
    """

    network: NetworkT
    weights: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.variant}, weights {self.weights}, on {self.device})"

    @property
    def network_config(self) -> Any:
        """Which of the networks it is, and how large."""
        return self.network.config

    @property
    def variant(self) -> str:
        """Which of the networks it is."""
        variant: str = self.network_config.variant
        return variant

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device
