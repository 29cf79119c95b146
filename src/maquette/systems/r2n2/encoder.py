"""Encoders of 3D-R2N2: a picture to 1,024 numbers."""

import itertools
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ...nn.normalisation import normalisation
from ...nn.residual import ResidualBlock2d, Skip
from .config import NetworkConfig, scaled

CHANNELS = (96, 128, 256, 256, 256, 256)
FEATURES = 1024
_SKIPS = ("none", "conv", "conv", "none", "conv", "identity")


def pooled_side(size: int) -> int:
    """Pixels a side behind the six poolings: each makes n // 2 + 1 of n."""
    for _ in CHANNELS:
        size = size // 2 + 1
    return size


def pool(x: Float[Tensor, "batch channel h w"]) -> Float[Tensor, "batch channel h2 w2"]:
    """Maximum of 2 x 2 pixels with a border of 1 that never wins."""
    return F.max_pool2d(x, 2, stride=2, padding=1)


class SimpleBlock(nn.Module):
    """Convolution, pooling, activation; normalisation, where there is one, behind the pooling."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, config: NetworkConfig) -> None:
        super().__init__()
        self.slope = config.slope
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        self.norm = normalisation(config.norm, out_channels)

    def forward(self, x: Float[Tensor, "batch in h w"]) -> Float[Tensor, "batch out h2 w2"]:
        """Features of half the height and width."""
        return F.leaky_relu(self.norm(pool(self.conv(x))), self.slope)


class PooledResidualBlock(ResidualBlock2d):
    """Residual block, then pooling."""

    def forward(self, x: Float[Tensor, "batch in h w"]) -> Float[Tensor, "batch out h2 w2"]:
        """Features of half the height and width."""
        return pool(super().forward(x))


class Encoder(nn.Module):
    """Six blocks, each of which halves the picture, and a dense layer."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.slope = config.slope
        width = config.width if config.encoder_width is None else config.encoder_width
        channels = [3, *(scaled(count, width) for count in CHANNELS)]
        residual = config.variant.startswith("residual")
        self.blocks = nn.Sequential()
        for i, (before, after) in enumerate(itertools.pairwise(channels)):
            kernel = 7 if i == 0 else 3
            if residual:
                skip = cast(Skip, _SKIPS[i])
                block: nn.Module = PooledResidualBlock(before, after, kernel, skip, config.norm, config.slope)
            else:
                block = SimpleBlock(before, after, kernel, config)
            self.blocks.append(block)
        features = scaled(FEATURES, config.width)
        self.dense = nn.Linear(channels[-1] * pooled_side(config.size) ** 2, features)
        self.norm = normalisation(config.norm, features)

    def forward(self, images: Float[Tensor, "picture 3 h w"]) -> Float[Tensor, "picture feature"]:
        """What the recurrence sees of each picture."""
        if images.device.type == "cpu":  # a sixth faster there than channels first
            images = images.contiguous(memory_format=torch.channels_last)
        features = self.blocks(images).flatten(1)
        return F.leaky_relu(self.norm(self.dense(features)), self.slope)
