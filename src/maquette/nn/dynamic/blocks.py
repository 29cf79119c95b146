"""Residual blocks that add their branch only where a mask says so: X' = r(f(X) * G + X).

G is found by a mask unit from X, once for all channels. Names of parameters are those of the released code and of
torchvision's residual networks, whose weights load.
"""

from typing import Any, cast

from jaxtyping import Float
from torch import Tensor, nn

from .branch import Activation, Layer, activate, by_layers, dilation_stride, macs_at
from .gate import Gate, dilate
from .mask_unit import MaskKind, MaskUnit


class DynamicBlock(nn.Module):
    """What every dynamic block is: a branch of layers, a shortcut, a mask unit.

    Args:
        channels: coming in.
        out_channels: going out.
        stride: of the branch, the shortcut and the mask.
        mask: kind of mask unit.
    """

    activation: Activation = "relu"
    """Of the sum, at every position."""

    def __init__(self, channels: int, out_channels: int, stride: int, mask: MaskKind) -> None:
        super().__init__()
        self.downsample = (
            nn.Identity()
            if stride == 1 and channels == out_channels
            else nn.Sequential(
                nn.Conv2d(channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
            )
        )
        self.masker = MaskUnit(channels, stride, mask)

    def layers(self) -> tuple[Layer, ...]:
        """The branch, first layer first."""
        raise NotImplementedError

    def forward(
        self, x: Float[Tensor, "batch in H W"], gates: list[Gate] | None = None
    ) -> Float[Tensor, "batch out h w"]:
        """The block's output.

        Args:
            x: features.
            gates: takes the gate of this call at its end.
        """
        gate = self.gate(x)
        out = by_layers(x, self.layers()) * gate.hard
        if gates is not None:
            gates.append(gate)
        return activate(out + self.downsample(x), self.activation)

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

    def layers(self) -> tuple[Layer, ...]:
        """1 x 1, 3 x 3 by channel, 1 x 1."""
        expand, norm1, _, depthwise, norm2, _, project, norm3 = cast("list[Any]", list(self.conv))
        return (
            Layer(expand, norm1, "relu6", "dilated"),
            Layer(depthwise, norm2, "relu6", "active"),
            Layer(project, norm3, "none", "active"),
        )
