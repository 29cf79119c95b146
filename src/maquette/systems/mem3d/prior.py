"""Shape priors: what is made of remembered shapes, or in their place, for the decoder."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...nn.memory import Recalled
from .config import SIDE, NetworkConfig

_SHARPNESS = 10.0  # of the attention at first: keys that differ by .1 in similarity differ e-fold in weight


class Prior(NamedTuple):
    """What the decoder knows beside the picture.

    Attributes:
        vector: that joins the picture's features; None for none.
        cells: what is expected of every cell, and how surely, in [-1, 1]; None for nothing.
    """

    vector: Float[Tensor, "batch feature"] | None = None
    cells: Float[Tensor, "batch channel x y z"] | None = None


class RecurrentPrior(nn.Module):
    """The last state of a recurrence (LSTM) over the cells of the shapes, the most similar first; 0 without any.

    Args:
        features: numbers of its state.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(SIDE**3, features, batch_first=True)

    def forward(self, recalled: Recalled) -> Prior:
        """A vector."""
        states, _ = self.lstm(recalled.grids.flatten(2))
        count = recalled.found.sum(1)
        last = (count - 1).clamp(min=0)[:, None, None].expand(-1, 1, states.shape[2])
        return Prior(vector=states.gather(1, last)[:, 0] * (count > 0)[:, None])


class AttentionPrior(nn.Module):
    """The mean of the shapes, weighted by how similar their keys are, the most similar one, and how similar that is.

    Weights are softmax(s * similarity) with a learned s, so that what the mean looks like moves the keys. The
    similarity, in every cell, tells the decoder how far what is remembered can be trusted.
    """

    channels = 3

    def __init__(self) -> None:
        super().__init__()
        self.sharpness = nn.Parameter(torch.tensor(_SHARPNESS))

    def forward(self, recalled: Recalled) -> Prior:
        """Three channels of cells; 0 where nothing was found."""
        scores = (self.sharpness * recalled.similarity).masked_fill(~recalled.found, -1e4)
        weights = scores.softmax(1) * recalled.found
        mean = (weights[:, None] @ recalled.grids.flatten(2)).view(-1, SIDE, SIDE, SIDE)
        sure = (recalled.similarity * recalled.found)[:, 0, None, None, None].expand_as(mean)
        return Prior(cells=torch.stack([mean, recalled.grids[:, 0], sure], dim=1))


class DensePrior(nn.Module):
    """A layer on the picture's features in the place of a memory, as one reimplementation has it.

    Args:
        config: how large.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.features, config.prior)

    def forward(self, features: Float[Tensor, "batch feature"]) -> Prior:
        """A vector."""
        return Prior(vector=self.dense(features).relu())
