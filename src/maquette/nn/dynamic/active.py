"""Active positions of a batch of maps: listed, and found again from a list of other positions."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Positions:
    """Positions of maps, each of which has a row of features.

    Attributes:
        index: in the batch's maps, one map after another, row by row; increasing.
        size: maps, their height and width.
    """

    index: Int[Tensor, " row"]
    size: tuple[int, int, int]

    def rows(self) -> Int[Tensor, "batch h w"]:
        """The row of each position, -1 where it has none: the inverse of `index`."""
        batch, height, width = self.size
        rows = self.index.new_full((batch * height * width,), -1)
        rows[self.index] = torch.arange(len(self.index), device=rows.device)
        return rows.view(self.size)

    def taps(self, of: "Positions", kernel: int, stride: int) -> Int[Tensor, "item tap"]:
        """Rows of this list that a convolution reads for the outputs of another list; -1 outside the maps.

        Args:
            of: positions of outputs.
            kernel: 1 or 3; padded by kernel // 2.
            stride: of the convolution.
        """
        _, height, width = of.size
        x = of.index % width
        y = of.index // width % height
        image = of.index // (width * height)
        pad = kernel // 2
        rows = F.pad(self.rows(), (pad, pad, pad, pad), value=-1)
        _, high, wide = rows.shape
        first = (image * high + y * stride) * wide + x * stride
        side = torch.arange(kernel, device=rows.device)
        return rows.flatten()[first[:, None] + (side[:, None] * wide + side).flatten()]


def listed(mask: Shaped[Tensor, "batch 1 h w"]) -> Positions:
    """Positions where a mask is above 0."""
    batch, _, height, width = mask.shape
    return Positions((mask > 0).flatten().nonzero().squeeze(1), (batch, height, width))


def everywhere(x: Float[Tensor, "batch channel h w"]) -> Positions:
    """All positions of features."""
    batch, _, height, width = x.shape
    return Positions(torch.arange(batch * height * width, device=x.device), (batch, height, width))


def as_rows(x: Float[Tensor, "batch channel h w"]) -> Float[Tensor, "row channel"]:
    """Features with a row for each position; a view where the memory format is channels-last."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])
