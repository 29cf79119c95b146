"""`OccupancySystem`: what systems have in common that take views of shapes and tell solid cells from empty ones."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from ..data.backgrounds import HELD_GREY
from ..data.views_config import ViewsConfig
from ..io.errors import as_bad_input
from ..structures.views import Views
from ..training.weights import Weights, fill
from ..training.weights_header import Precision
from . import system_recipes
from .about import About
from .info import Info, describe_network
from .of_network import NetworkT, OfNetwork
from .sizes import check_size
from .weights_file import filled, open_weights, read_settings, source_of, write_weights

THRESHOLD = 0.4  # least probability of a solid cell where weights say nothing, as 3D-R2N2's


class OccupancySystem(OfNetwork[NetworkT], ABC):
    """One network behind the common face of the systems; what it makes of pictures is its heirs' to say.

    Args:
        network: the network, with its settings in `config`; it is put into evaluation mode.
        views_config: how its training pictures were taken, and pictures are framed; as published when not given.
        threshold: least probability of a solid cell.
        training: settings that it was trained with, as JSON can hold them.
        weights: where its weights came from.

    Raises:
        ValueError: a network for pictures of another size.
    """

    about: ClassVar[About]
    network_class: ClassVar[type[Any]]
    config_class: ClassVar[type[Any]]

    def __init__(
        self,
        network: NetworkT,
        views_config: ViewsConfig | None = None,
        threshold: float = THRESHOLD,
        training: Mapping[str, Any] | None = None,
        weights: str = "untrained",
    ) -> None:
        self.network = network.eval()
        size = self.network_config.size
        self.views_config = views_config or ViewsConfig(size=size)
        self.threshold = threshold
        self.training = dict(training or {})
        self.weights = weights
        check_size(size, self.views_config.size)

    @classmethod
    def load(
        cls,
        weights: str | PathLike[str] | None = None,
        variant: str | None = None,
        device: str | torch.device = "auto",
    ) -> Self:
        """A trained system.

        Args:
            weights: a weights file or the folder of a run; None takes the weights that ship with maquette.
            variant: that the weights must be of; None takes any.
            device: where to compute; "auto" is CUDA where there is a GPU for it, else the CPU.

        Raises:
            BadInput: weights that are missing, broken, or of another system or variant.
        """
        found = open_weights(cls.about.name, weights)
        config, views_config, training, threshold = read_settings(found, cls.config_class, THRESHOLD)
        network = filled(cls.network_class, config, found, variant, device, cls.fill)
        with as_bad_input(found.path, ValueError, say="the settings in its header"):
            return cls(network, views_config, threshold, training, source_of(weights))

    @staticmethod
    def fill(network: Any, weights: Weights) -> None:
        """Put the weights of a file into a network on the device "meta" (`training.weights.fill`)."""
        fill(network, weights)

    def save(self, path: str | PathLike[str], precision: Precision = "float16") -> None:
        """Write the weights file that `load` reads.

        Raises:
            BadInput: the file cannot be written.
        """
        write_weights(
            path,
            self.about.name,
            self.network,
            self.network_config,
            self.views_config,
            self.threshold,
            self.training,
            precision,
        )

    def facts(self) -> Mapping[str, Any]:
        """The threshold."""
        return {"threshold": self.threshold}

    def framing(self) -> dict[str, Any]:
        """How pictures are framed that are not its training's, as JSON can hold it."""
        views = self.views_config
        settings = {"framing": views.framing, "size": views.size, "background": HELD_GREY}
        if views.framing == "object":
            return {**settings, "margin": sum(views.margin) / 2}
        return {**settings, "render_size": views.render_size}

    @classmethod
    def claims(cls, views: Views) -> bool:
        """None: it takes what no other system claims."""
        return False

    @classmethod
    def describe(cls, variant: str | None = None) -> Info:
        """Parameters, multiply-accumulates and shapes of a network of published width, for one picture.

        Raises:
            ValueError: an unknown variant.
        """
        config = cls.config_class() if variant is None else cls.config_class(variant=variant)
        return cls._described(cls.network_class(config))

    @property
    def info(self) -> Info:
        """Parameters, multiply-accumulates and shapes of this system's own network, for one picture."""
        return self._described(self.network)

    @classmethod
    def _described(cls, network: Any) -> Info:
        device = next(network.parameters()).device
        return describe_network(
            cls.about.name, network.config.variant, network, **cls.example(network.config, device)
        )

    @staticmethod
    @abstractmethod
    def example(config: Any, device: torch.device) -> dict[str, Tensor]:
        """What the network takes for one picture, by name."""

    @classmethod
    def recipes(cls) -> Mapping[str, Callable[..., Any]]:
        """Functions that give complete settings for training, by name."""
        return system_recipes(cls.about.name)
