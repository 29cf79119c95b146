"""Decoders of 3D-R2N2: a hidden state of 4^3 cells to logits of 32^3 cells."""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ...nn.normalisation import normalisation
from ...nn.residual import UnpoolResidualBlock3d
from ...nn.unpool_conv3d import UnpoolConv3d
from .config import NetworkConfig, scaled

STATE_CHANNELS = 128
_UNPOOLED = (128, 128, 64)
_LAST = 32
CLASSES = 2


class SimpleUnpoolBlock(nn.Module):
    """Unpooling, convolution, activation."""

    def __init__(self, in_channels: int, out_channels: int, config: NetworkConfig) -> None:
        super().__init__()
        self.slope = config.slope
        self.conv = UnpoolConv3d(in_channels, out_channels)
        self.norm = normalisation(config.norm, out_channels)

    def forward(self, x: Float[Tensor, "batch in a b c"]) -> Float[Tensor, "batch out A B C"]:
        """Features at twice the resolution."""
        return F.leaky_relu(self.norm(self.conv(x)), self.slope)


class SimpleTail(nn.Module):
    """Convolution and activation at full resolution."""

    def __init__(self, in_channels: int, out_channels: int, config: NetworkConfig) -> None:
        super().__init__()
        self.slope = config.slope
        self.conv = nn.Conv3d(in_channels, out_channels, 3, padding=1)
        self.norm = normalisation(config.norm, out_channels)

    def forward(self, x: Float[Tensor, "batch in x y z"]) -> Float[Tensor, "batch out x y z"]:
        """Features at the same resolution."""
        return F.leaky_relu(self.norm(self.conv(x)), self.slope)


class ResidualTail(nn.Module):
    """a = act(conv(x)), b = act(conv(a)), and b + conv(a); with the tail "seed001" b + conv(b).

    Unlike the other residual blocks its skip connection begins behind the first convolution and has a 3^3
    kernel.
    """

    def __init__(self, in_channels: int, out_channels: int, config: NetworkConfig) -> None:
        super().__init__()
        self.slope = config.slope
        self.skip_from_second = config.tail == "seed001"
        self.conv1 = nn.Conv3d(in_channels, out_channels, 3, padding=1)
        self.norm1 = normalisation(config.norm, out_channels)
        self.conv2 = nn.Conv3d(out_channels, out_channels, 3, padding=1)
        self.norm2 = normalisation(config.norm, out_channels)
        self.skip = nn.Conv3d(out_channels, out_channels, 3, padding=1)

    def forward(self, x: Float[Tensor, "batch in x y z"]) -> Float[Tensor, "batch out x y z"]:
        """Features at the same resolution."""
        a = F.leaky_relu(self.norm1(self.conv1(x)), self.slope)
        b = F.leaky_relu(self.norm2(self.conv2(a)), self.slope)
        features: Tensor = b + self.skip(b if self.skip_from_second else a)
        return features


class Decoder(nn.Module):
    """Three blocks that double the resolution, one that keeps it, and a convolution to two classes."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        channels = [scaled(count, config.width) for count in (STATE_CHANNELS, *_UNPOOLED)]
        last = scaled(_LAST, config.width)
        residual = config.variant.startswith("residual")
        self.blocks = nn.Sequential()
        for before, after in itertools.pairwise(channels):
            self.blocks.append(
                UnpoolResidualBlock3d(before, after, config.norm, config.slope)
                if residual
                else SimpleUnpoolBlock(before, after, config)
            )
        tail = ResidualTail if residual else SimpleTail
        self.tail: ResidualTail | SimpleTail = tail(channels[-1], last, config)
        self.classes = nn.Conv3d(last, CLASSES, 3, padding=1)

    def forward(self, state: Float[Tensor, "batch channel n n n"]) -> Float[Tensor, "batch 2 x y z"]:
        """Logits of empty (channel 0) and solid (channel 1)."""
        if state.device.type == "cpu":  # transposed convolutions are twice as fast there as channels first
            state = state.contiguous(memory_format=torch.channels_last_3d)
        logits: Tensor = self.classes(self.tail(self.blocks(state))).contiguous()
        return logits
