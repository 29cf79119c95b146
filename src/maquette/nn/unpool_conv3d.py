"""Unpooling by zero insertion and the convolution behind it, computed without the zeros."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


def unpool3d(x: Float[Tensor, "batch channel a b c"]) -> Float[Tensor, "batch channel A B C"]:
    """Twice the resolution: each value goes to the (0, 0, 0) corner of its 2^3 cells, the rest is 0."""
    a, b, c = (2 * side for side in x.shape[2:])
    out = x.new_zeros(*x.shape[:2], a, b, c)
    out[:, :, ::2, ::2, ::2] = x
    return out


def unpool_conv3d(
    x: Float[Tensor, "batch channel a b c"],
    weight: Float[Tensor, "out channel k k k"],
    bias: Float[Tensor, " out"] | None = None,
) -> Float[Tensor, "batch out A B C"]:
    """`conv3d(unpool3d(x), weight, bias, padding=k // 2)` by the equivalent transposed convolution.

    Seven of eight inputs of that convolution are 0; here they are never multiplied. A transposed convolution
    of stride 2 with the mirrored kernel has the same sums.

    Args:
        x: values before unpooling.
        weight: of the ordinary convolution, with an odd kernel size.
        bias: of the ordinary convolution.
    """
    mirrored = weight.flip(2, 3, 4).transpose(0, 1)
    return F.conv_transpose3d(x, mirrored, bias, stride=2, padding=weight.shape[-1] // 2, output_padding=1)


class UnpoolConv3d(nn.Conv3d):
    """Unpooling by zero insertion and a convolution of stride 1; parameters are those of `nn.Conv3d`."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int = 3) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding=kernel_size // 2)

    def forward(self, input: Float[Tensor, "batch channel a b c"]) -> Float[Tensor, "batch out A B C"]:
        """Values at twice the resolution."""
        return unpool_conv3d(input, self.weight, self.bias)


class UnpoolSkip3d(nn.Conv3d):
    """A skip connection around unpooling: y + conv(unpool3d(x)) with a 1^3 convolution.

    The convolution runs before unpooling; its bias reaches the cells that unpooling leaves empty, too.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 1)

    def forward(  # type: ignore[override]
        self, input: Float[Tensor, "batch channel a b c"], onto: Float[Tensor, "batch out A B C"]
    ) -> Float[Tensor, "batch out A B C"]:
        """The sum, written into the memory of `onto`.

        Args:
            input: x, before unpooling.
            onto: y, at twice the resolution.
        """
        return add_unpooled(onto, F.conv3d(input, self.weight), self.bias)


def add_unpooled(
    y: Float[Tensor, "batch channel A B C"],
    x: Float[Tensor, "batch channel a b c"],
    bias: Float[Tensor, " channel"] | None = None,
) -> Float[Tensor, "batch channel A B C"]:
    """`y + unpool3d(x) + bias`, written into the memory of `y`."""
    out: Tensor = _AddUnpooled.apply(y, x, bias)
    return out


class _AddUnpooled(torch.autograd.Function):
    """Addition at every second cell; its gradient reads the same cells."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, x: Tensor, bias: Tensor | None) -> Tensor:
        if bias is not None:
            y += bias.view(-1, 1, 1, 1)
        y[:, :, ::2, ::2, ::2] += x
        ctx.mark_dirty(y)
        ctx.has_bias = bias is not None
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        return grad, grad[:, :, ::2, ::2, ::2], grad.sum((0, 2, 3, 4)) if ctx.has_bias else None
