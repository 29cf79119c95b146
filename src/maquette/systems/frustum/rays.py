"""What the network says of rays: where the visible surface is, how the ray goes on behind it, and what else is there.

A thin leg in an unsure depth is thin all the same: so how deep the visible surface lies and how thick what is behind
it are told apart, and the probability that a cell is solid is the first spread by the second. A ray on the object
meets something by construction. What else the ray passes, such as the legs behind, is told cell by cell.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d

_NEAR = 3  # rays along each side of the squares that agree on where the surface is
_TRUST = 3.0  # how much surer they are together
_ON = 0.2  # share of a cell's pixels that makes its ray one of the object's


@dataclass(frozen=True)
class Rays:
    """What is told of n rays.

    Attributes:
        hidden: log-odds that each cell is solid whatever is visible.
        front: of the cell where the visible surface lies, the logarithm of its probability but for a constant.
        run: log-odds that a cell is solid that lies 0, 1, 2, ... cells behind the visible surface.
    """

    hidden: Float[Tensor, "n depth"]
    front: Float[Tensor, "n depth"]
    run: Float[Tensor, "n run"]

    @classmethod
    def of_output(cls, output: Float[Tensor, "n channel"], depths: int) -> "Rays":
        """Rays from the network's channels."""
        hidden, front, run = output.float().split([depths, depths, output.shape[1] - 2 * depths], dim=1)
        return cls(hidden, front, run)

    def __getitem__(self, which: Tensor) -> "Rays":
        return Rays(self.hidden[which], self.front[which], self.run[which])

    def visible(self) -> Float[Tensor, "n depth"]:
        """Probability that each cell is solid for what is visible there: places of the surface, spread by its run."""
        depths = self.front.shape[1]
        length = depths + self.run.shape[1]
        spread = torch.fft.rfft(self.front.softmax(1), length) * torch.fft.rfft(self.run.sigmoid(), length)
        visible: Tensor = torch.fft.irfft(spread, length)[:, :depths].clamp(0, 1)
        return visible

    def solid(self) -> Float[Tensor, "n depth"]:
        """Probability that each cell is solid, for one reason or another."""
        return 1 - (1 - self.visible()) * (1 - self.hidden.sigmoid())


def agreed(rays: Rays, on: Tensor) -> Rays:
    """Rays whose visible surface lies where their neighbours see it too.

    The mean of the neighbours' logarithms is a product of what they say: where they differ, as on both sides of an
    edge in depth, most of them decide, as in a median.

    Args:
        rays: those for which `on` (batch, row, column) is true.
    """
    return Rays(rays.hidden, taken(pooled(filled(rays.front.log_softmax(1), on), on), on), rays.run)


def pooled(
    fronts: Float[Tensor, "batch depth row column"], on: Tensor
) -> Float[Tensor, "batch depth row column"]:
    """What rays for which `on` (batch, row, column) is true say of the surface together with their neighbours.

    Args:
        fronts: logarithms of probabilities; 0 where `on` is false.
    """
    share = avg_pool2d(on.float()[:, None], _NEAR, 1, _NEAR // 2).clamp_min(1e-6)
    return _TRUST * (avg_pool2d(fronts, _NEAR, 1, _NEAR // 2) / share)


def rays_on(masks: Float[Tensor, "batch 1 size size"], resolution: int) -> Tensor:
    """(batch, resolution, resolution) bool: rays that meet the object, or pass right beside it."""
    covered = torch.nn.functional.adaptive_avg_pool2d(masks, resolution) > _ON
    return max_pool2d(covered.float(), 3, stride=1, padding=1)[:, 0] > 0


def taken(field: Float[Tensor, "batch channel row column"], on: Tensor) -> Float[Tensor, "n channel"]:
    """The rays of a field for which `on` (batch, row, column) is true."""
    return field.permute(0, 2, 3, 1)[on]


def filled(rays: Float[Tensor, "n depth"], on: Tensor) -> Float[Tensor, "batch depth row column"]:
    """A field of values that rays have, 0 elsewhere; the inverse of `taken`."""
    field = rays.new_zeros((*on.shape, rays.shape[1]))
    field[on] = rays
    return field.permute(0, 3, 1, 2)
