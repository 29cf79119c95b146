"""The branch f of a dynamic residual block: its layers, computed at every position or at the active ones."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ...kernels.gather_matmul import gather_matmul
from .active import Positions, Size, as_rows, listed, taps
from .gate import Gate

Activation = Literal["relu", "relu6", "none"]


class Layer(NamedTuple):
    """A convolution without bias, its batch normalisation, an activation, and where the three are wanted.

    Attributes:
        conv: 1 x 1 without a stride, 3 x 3, or 3 x 3 for each channel alone; padded to keep the size.
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


def activate_(x: Tensor, kind: Activation) -> Tensor:
    """`activate` in place."""
    if kind == "none":
        return x
    return F.relu_(x) if kind == "relu" else F.relu6(x, inplace=True)


def by_layers(x: Float[Tensor, "batch in H W"], layers: Sequence[Layer]) -> Float[Tensor, "batch out h w"]:
    """The branch layer by layer, at every position: in training the statistics are those of all positions."""
    for layer in layers:
        x = activate(layer.norm(layer.conv(x)), layer.activation)
    return x


def folded(x: Float[Tensor, "batch in H W"], layers: Sequence[Layer]) -> Float[Tensor, "batch out h w"]:
    """The branch at every position in evaluation, each batch normalisation folded into its convolution."""
    for layer in layers:
        conv, (weight, bias) = layer.conv, _fold(layer)
        x = F.conv2d(x, weight, bias, conv.stride, conv.padding, groups=conv.groups)
        x = activate_(x, layer.activation)
    return x


def at_active(
    x: Float[Tensor, "batch in H W"], layers: Sequence[Layer], gate: Gate
) -> tuple[Positions, Float[Tensor, "row out"], int]:
    """The branch in evaluation at the active positions alone; no other features than it needs are read.

    Rows of active positions are gathered, multiplied as dense matrices and normalised: for few rows that is faster
    than to fold the normalisation into all weights.

    Returns:
        the active positions, the branch there, and the multiply-accumulates that were done.
    """
    rows, macs = as_rows(x), 0
    at: Positions | Size = (len(x), x.shape[2], x.shape[3])
    active = listed(gate.hard)
    # with a stride the dilated map may have a row or column that the input does not have
    dilated = listed(gate.dilated[..., : x.shape[2], : x.shape[3]])
    for layer in layers:
        wanted = active if layer.where == "active" else dilated
        rows = activate_(_convolved(rows, at, wanted, layer), layer.activation)
        at, macs = wanted, macs + len(rows) * layer.conv.weight.numel()
    return active, rows, macs


def _convolved(rows: Tensor, at: Positions | Size, wanted: Positions, layer: Layer) -> Tensor:
    """Normalised outputs of a convolution at some positions, of rows of its inputs at others."""
    conv, norm = layer.conv, layer.norm
    if conv.kernel_size == (1, 1):
        found = rows if wanted is at else rows.index_select(0, wanted.index)
        out = found @ conv.weight.flatten(1).t()
    else:
        windows = taps(at, wanted, conv.stride[0])
        weight = conv.weight.permute(0, 2, 3, 1).flatten(1)  # a view: blocks keep theirs channels-last
        out = (_by_channel if conv.groups > 1 else gather_matmul)(rows, windows, weight)
    return F.batch_norm(out, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps)


def _by_channel(rows: Tensor, windows: Tensor, weight: Tensor) -> Tensor:
    """A convolution of each channel alone: weights (channels, taps)."""
    padded = F.pad(rows, (0, 0, 0, 1))
    total = rows.new_zeros(len(windows), rows.shape[1])
    for tap, factor in zip(windows.unbind(1), weight.unbind(1), strict=True):
        total.addcmul_(padded.index_select(0, tap), factor)
    return total


def _fold(layer: Layer) -> tuple[Tensor, Tensor]:
    """Weights and bias of a convolution that does what its batch normalisation in evaluation does, too."""
    norm, mean, var = layer.norm, layer.norm.running_mean, layer.norm.running_var
    assert mean is not None
    assert var is not None
    scale = norm.weight * torch.rsqrt(var + norm.eps)
    return layer.conv.weight * scale[:, None, None, None], torch.addcmul(norm.bias, mean, scale, value=-1)


def macs_at(layers: Sequence[Layer], where: str) -> int:
    """Multiply-accumulates of the layers that are wanted there, at one position."""
    return sum(layer.conv.weight.numel() for layer in layers if layer.where == where)


def dilation_stride(layers: Sequence[Layer]) -> int:
    """How many times as high and wide the map of the dilated positions is."""
    return math.prod(layer.conv.stride[0] for layer in layers if layer.where == "active")
