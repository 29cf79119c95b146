"""Active positions of a batch of maps: listed, and found again from a list of other positions."""

import math
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
        rows = self.index.new_full((math.prod(self.size) + 1,), len(self.index))
        rows[self.index] = torch.arange(len(self.index), device=rows.device)
        return rows


def taps(at: Positions | Size, wanted: Positions, stride: int) -> Int[Tensor, "item 9"]:
    """Rows that a 3 x 3 convolution, padded by 1, reads for some of its outputs.

    Args:
        at: positions that have rows, or the size of maps where all have.
        wanted: positions of the outputs.
        stride: of the convolution.

    Returns:
        numbers of rows; how many rows there are, outside the maps.
    """
    size = at.size if isinstance(at, Positions) else at
    windows = _windows(size, wanted.size, stride, wanted.index.device).index_select(0, wanted.index)
    return at.rows()[windows] if isinstance(at, Positions) else windows


@lru_cache(maxsize=8)  # of maps of a network
def _windows(size: Size, out: Size, stride: int, device: torch.device) -> Int[Tensor, "out 9"]:
    """Input positions under a 3 x 3 window around every output; outside the maps the number of positions."""
    _, height, width = size
    within = torch.arange(math.prod(size), device=device).view(size)
    padded = within.new_full((size[0], out[1] * stride + 2, out[2] * stride + 2), within.numel())
    padded[:, 1 : height + 1, 1 : width + 1] = within
    windows = padded.unfold(1, 3, stride).unfold(2, 3, stride)[:, : out[1], : out[2]]
    return windows.reshape(-1, 9)


def listed(mask: Shaped[Tensor, "batch 1 h w"]) -> Positions:
    """Positions where a mask is not 0."""
    batch, _, height, width = mask.shape
    return Positions(mask.flatten().bool().nonzero().squeeze(1), (batch, height, width))


def as_rows(x: Float[Tensor, "batch channel h w"]) -> Float[Tensor, "row channel"]:
    """Features with a row for each position; a view where the memory format is channels-last."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
