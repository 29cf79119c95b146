"""Residual blocks that add their branch only where a mask says so: X' = r(f(X) * G + X).

G is found by a mask unit from X, once for all channels. Names of parameters are those of the released code and of
torchvision's residual networks, whose weights load.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .active import as_rows
from .branch import (
    Activation,
    Layer,
    activate,
    activate_,
    at_active,
    by_layers,
    dilation_stride,
    folded,
    macs_at,
)
from .break_even import break_even
from .gate import Gate, dilate
from .mask_unit import MaskKind, MaskUnit

Execution = Literal["auto", "sparse", "dense", "layers"]


class DynamicBlock(nn.Module):
    """What every dynamic block is: a branch of layers, a shortcut, a mask unit.

    Args:
        channels: coming in.
        out_channels: going out.
        stride: of the branch, the shortcut and the mask.
        mask: kind of mask unit.

    Attributes:
        execution: of a block in evaluation without gradients. "sparse": at the active positions alone. "dense": at
            every position, batch normalisation folded into the convolutions. "layers": at every position, layer by
            layer, as in training. "auto": sparse where that was measured to be faster than dense.
    """

    activation: Activation = "relu"
    """Of the sum, at every position."""

    def __init__(self, channels: int, out_channels: int, stride: int, mask: MaskKind) -> None:
        super().__init__()
        self.execution: Execution = "auto"
        self.downsample = (
            nn.Identity()
            if stride == 1 and channels == out_channels
            else nn.Sequential(
                nn.Conv2d(channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )
        )
        self.masker = MaskUnit(channels, stride, mask)

    def layers(self) -> tuple[Layer, ...]:
        """The branch, first layer first. Its weights are best kept channels-last: then no call copies them."""
        raise NotImplementedError

    def forward(
        self, x: Float[Tensor, "batch in H W"], gates: list[Gate] | None = None, overwrite: bool = False
    ) -> Float[Tensor, "batch out h w"]:
        """The block's output.

        In training, and wherever gradients are recorded, the branch is computed at every position and multiplied by
        the mask. Else `execution` says where, and the output is channels-last in memory, as the next block wants it.

        Args:
            x: features.
            gates: takes the gate of this call at its end.
            overwrite: x is wanted no more; where positions are skipped, the output may take its memory.
        """
        gate = self.gate(x)
        how = self.execution
        if self.training or torch.is_grad_enabled() or torch.compiler.is_compiling():
            how = "layers"
        elif how == "auto":
            worth = break_even(x.shape[1], gate.hard.numel(), gate.total)
            how = "sparse" if worth > 0 and gate.cost < worth * gate.total else "dense"
        if how == "sparse":
            out, macs = self._at_active(x, gate, overwrite)
        else:
            out, macs = (self._folded if how == "dense" else self._by_layers)(x, gate)
        if gates is not None:
            gates.append(replace(gate, executed=macs))
        return out

    def _by_layers(self, x: Tensor, gate: Gate) -> tuple[Tensor, int]:
        out = by_layers(x, self.layers()) * gate.hard
        return activate(out + self.downsample(x), self.activation), self._dense_macs(x, gate)

    def _folded(self, x: Tensor, gate: Gate) -> tuple[Tensor, int]:
        x = x.contiguous(memory_format=torch.channels_last)
        out = folded(x, self.layers()).mul_(gate.hard).add_(self.downsample(x))
        return activate_(out, self.activation), self._dense_macs(x, gate)

    def _at_active(self, given: Tensor, gate: Gate, overwrite: bool) -> tuple[Tensor, int]:
        x = given.contiguous(memory_format=torch.channels_last)
        active, branch, macs = at_active(x, self.layers(), gate)
        shortcut = self.downsample(x).contiguous(memory_format=torch.channels_last)
        there = as_rows(shortcut).index_select(0, active.index) + branch
        if overwrite or shortcut is not given:
            out = activate_(shortcut, self.activation)
        else:
            out = shortcut.clone() if self.activation == "none" else activate(shortcut, self.activation)
        as_rows(out).index_copy_(0, active.index, activate_(there, self.activation).to(out.dtype))
        return out, macs

    def _dense_macs(self, x: Tensor, gate: Gate) -> int:
        before = x.shape[2] * x.shape[3] if dilation_stride(self.layers()) > 1 else gate.hard[0].numel()
        return x.shape[0] * before * gate.macs_dilated + gate.hard.numel() * gate.macs

    def gate(self, x: Float[Tensor, "batch in H W"]) -> Gate:
        """Where the block works on these features; nothing is executed yet."""
        hard, layers = self.masker(x), self.layers()
        return Gate(
            hard=hard,
            dilated=dilate(hard, dilation_stride(layers)),
            macs=macs_at(layers, "active"),
            macs_dilated=macs_at(layers, "dilated"),
            macs_mask=hard.numel() * (self.masker.conv.weight.numel() + 1),
        )


@contextmanager
def executing(network: nn.Module, execution: Execution) -> Iterator[None]:
    """Every dynamic block of a network executes this way meanwhile."""
    before = [(block, block.execution) for block in network.modules() if isinstance(block, DynamicBlock)]
    try:
        for block, _ in before:
            block.execution = execution
        yield
    finally:
        for block, how in before:
            block.execution = how


class DynamicBasicBlock(DynamicBlock):
    """Two 3 x 3 convolutions: the first at the dilated positions (of the output's map), the second at the active.

    Args:
        channels: coming in.
        out_channels: going out; by default as many.
        stride: of the first convolution.
        mask: kind of mask unit.
    """

    def __init__(
        self, channels: int, out_channels: int | None = None, stride: int = 1, mask: MaskKind = "squeeze"
    ) -> None:
        out = out_channels or channels
        super().__init__(channels, out, stride, mask)
        self.conv1 = nn.Conv2d(channels, out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.to(memory_format=torch.channels_last)

    def layers(self) -> tuple[Layer, ...]:
        """3 x 3, 3 x 3."""
        return (
            Layer(self.conv1, self.bn1, "relu", "dilated"),
            Layer(self.conv2, self.bn2, "none", "active"),
        )


class DynamicBottleneck(DynamicBlock):
    """1 x 1, 3 x 3 and 1 x 1 convolutions: the first at the dilated positions, the others at the active ones.

    Args:
        channels: coming in.
        hidden: between the convolutions; by default a quarter of what goes out.
        stride: of the 3 x 3 convolution.
        mask: kind of mask unit.
        out_channels: going out; by default as many as come in.
    """

    def __init__(
        self,
        channels: int,
        hidden: int | None = None,
        stride: int = 1,
        mask: MaskKind = "squeeze",
        out_channels: int | None = None,
    ) -> None:
        out = out_channels or channels
        hidden = hidden or out // 4
        super().__init__(channels, out, stride, mask)
        self.conv1 = nn.Conv2d(channels, hidden, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, hidden, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out)
        self.to(memory_format=torch.channels_last)

    def layers(self) -> tuple[Layer, ...]:
        """1 x 1, 3 x 3, 1 x 1."""
        return (
            Layer(self.conv1, self.bn1, "relu", "dilated"),
            Layer(self.conv2, self.bn2, "relu", "active"),
            Layer(self.conv3, self.bn3, "none", "active"),
        )


class DynamicInvertedResidual(DynamicBlock):
    """MobileNetV2's: 1 x 1 to more channels, 3 x 3 for each channel alone, 1 x 1 back; no activation of the sum.

    Args:
        channels: coming in and going out.
        expand: times as many between.
        mask: kind of mask unit.
    """

    activation: Activation = "none"

    def __init__(self, channels: int, expand: int = 6, mask: MaskKind = "conv1x1") -> None:
        super().__init__(channels, channels, 1, mask)
        hidden = channels * expand
        self.conv = nn.Sequential(
            nn.Conv2d(channels, hidden, 1, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(),
            nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden),
            nn.ReLU6(),
            nn.Conv2d(hidden, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )
        self.to(memory_format=torch.channels_last)

    def layers(self) -> tuple[Layer, ...]:
        """1 x 1, 3 x 3 by channel, 1 x 1."""
        parts: list[Any] = list(self.conv)
        expand, norm1, _, depthwise, norm2, _, project, norm3 = parts
        return (
            Layer(expand, norm1, "relu6", "dilated"),
            Layer(depthwise, norm2, "relu6", "active"),
            Layer(project, norm3, "none", "active"),
        )
