"""What one block decided in one call, and what that costs."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Gate:
    """Where a block works, and its multiply-accumulates (MACs).

    Mask unit and shortcut are no part of the costs, as published.

    Attributes:
        hard: 1 where the block adds its branch, 0 elsewhere; has the gradient of the soft mask.
        dilated: where the layers before the branch's last 3 x 3 convolution are wanted. With a stride, and then a
            multiple of it: up to a row and a column more than the input has, as published.
        macs: of the layers behind, at one active position of `hard`.
        macs_dilated: of the layers before, at one position of `dilated`.
        macs_mask: of the mask unit's convolution in this call, its bias counted as one more, as published.
        executed: MACs of the branch that were done in this call.
    """

    hard: Float[Tensor, "batch 1 h w"]
    dilated: Bool[Tensor, "batch 1 H W"]
    macs: int
    macs_dilated: int
    macs_mask: int = 0
    executed: int = 0

    @property
    def share(self) -> Tensor:
        """Active positions over all, in [0, 1]."""
        return self.hard.float().mean()

    @property
    def cost(self) -> Tensor:
        """MACs of the branch at these positions, of the whole batch. The gradient is that of the active ones."""
        # in float32 as published: counts beyond 2^24 round, by less than 1e-7 of themselves
        return self.dilated.sum() * float(self.macs_dilated) + self.hard.float().sum() * float(self.macs)

    @property
    def total(self) -> float:
        """MACs of the branch were every position active."""
        return float(self.dilated.numel() * self.macs_dilated + self.hard.numel() * self.macs)


def dilate(mask: Float[Tensor, "batch 1 h w"], stride: int = 1) -> Bool[Tensor, "batch 1 H W"]:
    """Positions that 3 x 3 convolutions with padding 1 read for the active positions of their outputs.

    Args:
        mask: 1 where the output is wanted, else 0.
        stride: of the convolution; the result is that many times as high and wide.
    """
    wanted = mask.detach()
    if stride > 1:
        batch, _, height, width = wanted.shape
        spread = wanted.new_zeros(batch, 1, height * stride, width * stride)
        spread[..., ::stride, ::stride] = wanted
        wanted = spread
    # faster than the maximum, which is told with its place
    return F.avg_pool2d(wanted, 3, stride=1, padding=1) > 0


def straight_through(
    logits: Float[Tensor, "batch 1 h w"], temperature: float = 1.0, noise: bool = True
) -> Float[Tensor, "batch 1 h w"]:
    """A hard mask drawn from logits by the Gumbel trick, with the gradient of its soft version.

    1 where logits + g1 - g2 >= 0, g1 and g2 of the standard Gumbel distribution; the gradient is that of
    sigmoid((logits + g1 - g2) / temperature).

    Args:
        logits: of being active.
        temperature: > 0; the lower, the steeper.
        noise: whether g1 and g2 are drawn; else they are 0.
    """
    # float16 has no 1e-8: where both numbers drawn are 0, the mask would be NaN
    noisy = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if noise:
        noisy = noisy + _gumbel(noisy) - _gumbel(noisy)
    soft = torch.sigmoid(noisy / temperature)
    hard = (noisy >= 0).to(soft.dtype) + (soft - soft.detach())  # the bracket is 0: 0 or 1 to the bit
    return hard.to(logits.dtype)


_EPSILON = 1e-8  # as published: no logarithm of 0


def _gumbel(like: Tensor) -> Tensor:
    return -torch.log(-torch.log(torch.rand_like(like) + _EPSILON) + _EPSILON)
