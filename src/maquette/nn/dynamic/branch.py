"""The branch f of a dynamic residual block: its layers, computed at every position."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

Activation = Literal["relu", "relu6", "none"]


class Layer(NamedTuple):
    """A convolution without bias, its batch normalisation, an activation, and where the three are wanted.

    Attributes:
        conv: 1 x 1, 3 x 3, or 3 x 3 for each channel alone, padded to keep the size.
        norm: of the convolution's outputs.
        activation: behind it.
        where: at the gate's "dilated" positions or at the "active" ones.
    """

    conv: nn.Conv2d
    norm: nn.BatchNorm2d
    activation: Activation
    where: Literal["dilated", "active"]


def activate(x: Tensor, kind: Activation) -> Tensor:
    """x behind an activation."""
    if kind == "none":
        return x
    return F.relu(x) if kind == "relu" else F.relu6(x)


def by_layers(x: Float[Tensor, "batch in H W"], layers: Sequence[Layer]) -> Float[Tensor, "batch out h w"]:
    """The branch layer by layer, at every position: in training the statistics are those of all positions."""
    for layer in layers:
        x = activate(layer.norm(layer.conv(x)), layer.activation)
    return x


def macs_at(layers: Sequence[Layer], where: str) -> int:
    """Multiply-accumulates of the layers that are wanted there, at one position."""
    return sum(layer.conv.weight.numel() for layer in layers if layer.where == where)


def dilation_stride(layers: Sequence[Layer]) -> int:
    """How many times as high and wide the map of the dilated positions is."""
    return math.prod(layer.conv.stride[0] for layer in layers if layer.where == "active")
