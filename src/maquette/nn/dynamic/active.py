"""Active positions of a batch of maps: listed, and found again from a list of other positions."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

Size = tuple[int, int, int]


@dataclass(frozen=True)
class Positions:
    """Positions of maps, each of which has a row of features.

    Attributes:
        index: in the batch's maps, one map after another, row by row; increasing.
        size: maps, their height and width.
    """

    index: Int[Tensor, " row"]
    size: Size

    def rows(self) -> Int[Tensor, " position_and_one"]:
        """The row of each position, the inverse of `index`; the number of rows where it has none, and at the end."""
        batch, height, width = self.size
        rows = self.index.new_full((batch * height * width + 1,), len(self.index))
        rows[self.index] = torch.arange(len(self.index), device=rows.device)
        return rows

    def taps(self, of: "Positions", stride: int) -> Int[Tensor, "item 9"]:
        """Rows of this list that a 3 x 3 convolution reads for the outputs of another list.

        Outside the maps the number of rows.

        Args:
            of: positions of outputs.
            stride: of the convolution, which is padded by 1.
        """
        return self.rows()[_windows(self.size, of.size, stride, self.index.device)[of.index]]


@lru_cache(maxsize=32)
def _windows(size: Size, out: Size, stride: int, device: torch.device) -> Int[Tensor, "out 9"]:
    """Input positions under a 3 x 3 window around every output; outside the maps the number of positions."""
    batch, height, width = size
    within = torch.arange(batch * height * width, device=device).view(size)
    padded = within.new_full((batch, out[1] * stride + 2, out[2] * stride + 2), within.numel())
    padded[:, 1 : height + 1, 1 : width + 1] = within
    windows = padded.unfold(1, 3, stride).unfold(2, 3, stride)[:, : out[1], : out[2]]
    return windows.reshape(-1, 9)


def listed(mask: Shaped[Tensor, "batch 1 h w"]) -> Positions:
    """Positions where a mask is not 0."""
    batch, _, height, width = mask.shape
    return Positions(mask.flatten().nonzero().squeeze(1), (batch, height, width))


def everywhere(x: Float[Tensor, "batch channel h w"]) -> Positions:
    """All positions of features."""
    batch, _, height, width = x.shape
    return Positions(torch.arange(batch * height * width, device=x.device), (batch, height, width))


def as_rows(x: Float[Tensor, "batch channel h w"]) -> Float[Tensor, "row channel"]:
    """Features with a row for each position; a view where the memory format is channels-last."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
