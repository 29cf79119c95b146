"""Residual blocks of 3D-R2N2: two convolutions, each with its activation, and a sum without one."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from .normalisation import normalisation
from .unpool_conv3d import UnpoolConv3d, UnpoolSkip3d, add_unpooled

Norm = Literal["none", "group"]
Skip = Literal["none", "identity", "conv"]


class ResidualBlock2d(nn.Module):
    """act(conv(act(conv(x)))) + skip(x) on pictures, at one resolution.

    Args:
        in_channels: channels coming in.
        out_channels: channels going out.
        kernel_size: of the first convolution; the second has 3.
        skip: "none", "identity" or "conv" (1 x 1).
        norm: normalisation behind both convolutions.
        slope: of the leaky ReLU.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 3,
        skip: Skip = "none",
        norm: Norm = "none",
        slope: float = 0.01,
    ) -> None:
        super().__init__()
        self.slope = slope
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        self.norm1 = normalisation(norm, out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.norm2 = normalisation(norm, out_channels)
        self.has_skip = skip != "none"
        self.skip = nn.Conv2d(in_channels, out_channels, 1) if skip == "conv" else nn.Identity()

    def forward(self, x: Float[Tensor, "batch in h w"]) -> Float[Tensor, "batch out h w"]:
        """Features of the same height and width."""
        y = F.leaky_relu(self.norm1(self.conv1(x)), self.slope)
        y = F.leaky_relu(self.norm2(self.conv2(y)), self.slope)
        return y + self.skip(x) if self.has_skip else y


class UnpoolResidualBlock3d(nn.Module):
    """act(conv(act(conv(u)))) + skip(u) for the unpooled input u, at twice the resolution of the input.

    Neither u nor its products with zeros are computed: the first convolution is an `UnpoolConv3d`, and the
    skip connection is computed before unpooling and added where u is not 0.

    Args:
        in_channels: channels coming in.
        out_channels: channels going out; with other than `in_channels` the skip connection has a 1^3
            convolution.
        norm: normalisation behind both convolutions.
        slope: of the leaky ReLU.
    """

    def __init__(self, in_channels: int, out_channels: int, norm: Norm = "none", slope: float = 0.01) -> None:
        super().__init__()
        self.slope = slope
        self.conv1 = UnpoolConv3d(in_channels, out_channels)
        self.norm1 = normalisation(norm, out_channels)
        self.conv2 = nn.Conv3d(out_channels, out_channels, 3, padding=1)
        self.norm2 = normalisation(norm, out_channels)
        self.skip = UnpoolSkip3d(in_channels, out_channels) if in_channels != out_channels else None

    def forward(self, x: Float[Tensor, "batch in a b c"]) -> Float[Tensor, "batch out A B C"]:
        """Features at twice the resolution."""
        y = F.leaky_relu(self.norm1(self.conv1(x)), self.slope)
        y = F.leaky_relu(self.norm2(self.conv2(y)), self.slope)
        return add_unpooled(y, x) if self.skip is None else self.skip(x, y)
