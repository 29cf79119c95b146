"""`FrustumNetwork`: a U-Net over the pixels of a crop whose channels are layers of depth.

Every output lies behind the pixel that speaks for it, as in networks that predict voxel tubes (Richter and Roth,
CVPR 2018) in the camera's frame (Shin et al., CVPR 2018), and there are no 3D convolutions.
"""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ...nn.dynamic import DynamicBasicBlock, DynamicBlock, Gate
from ...nn.normalisation import normalisation
from .config import NetworkConfig

_CHANNELS = (32, 64, 160, 320)  # at 1/2, 1/4, 1/8 and 1/16 of the picture
_HEADS = 4
_INPUTS = 4  # colours and mask
_GREY = 0.5
# What is told before training: little is hidden, what is visible goes on for a while.
_AT_FIRST = (-2.0, 0.0, 1.0)


class Told(NamedTuple):
    """What the network says of pictures.

    Attributes:
        rays: what `rays.Rays` reads, of every pixel of the grid.
        up: direction that points upwards where the object stands, in the camera frame; of any length.
        gates: of the dynamic blocks.
    """

    rays: Float[Tensor, "batch channel row column"]
    up: Float[Tensor, "batch 3"]
    gates: list[Gate]


class FrustumNetwork(nn.Module):
    """What lies behind every pixel of pictures with masks.

    Args:
        config: its size.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        c0, c1, c2, c3 = (max(16, round(c * config.width / 8) * 8) for c in _CHANNELS)
        block = DynamicBasicBlock if config.dynamic else Block
        self.stem = nn.Conv2d(_INPUTS, c0, 5, stride=2, padding=2)
        self.fine = block(c0, c0)
        self.down1 = block(c0, c1, stride=2)
        self.down2 = nn.Sequential(block(c1, c2, stride=2), block(c2, c2))
        coarsest = config.resolution // 8
        deep = [layer for _ in range(2) for layer in (Attention(c3, coarsest), block(c3, c3))]
        self.down3 = nn.Sequential(block(c2, c3, stride=2), *deep)
        self.up2, self.up1, self.up0 = block(c3 + c2, c2), block(c2 + c1, c1), block(c1 + c0, c1)
        out = nn.Conv2d(c1, sum(parts_of(config)), 1)
        nn.init.normal_(out.weight, std=0.01)
        at_first = [torch.full((n,), value) for n, value in zip(parts_of(config), _AT_FIRST, strict=True)]
        out.bias = nn.Parameter(torch.cat(at_first))
        self.head = nn.Sequential(normalisation("group", c1), nn.ReLU(), out)
        self.up = nn.Linear(c3, 3)

    def forward(
        self, images: Float[Tensor, "batch 3 size size"], masks: Float[Tensor, "batch 1 size size"]
    ) -> Told:
        """What is behind every pixel, and where up is.

        Args:
            images: RGB in [0, 1], framed around the object.
            masks: 1 on the object.
        """
        x = torch.cat([images - _GREY, masks], dim=1).contiguous(memory_format=torch.channels_last)
        gates: list[Gate] = []
        fine = _through(self.fine, self.stem(x), gates)
        half = _through(self.down1, fine, gates)
        quarter = _through(self.down2, half, gates)
        coarse = _through(self.down3, quarter, gates)
        y = _through(self.up2, _joined(coarse, quarter), gates)
        y = _through(self.up1, _joined(y, half), gates)
        y = _through(self.up0, _joined(y, fine), gates)
        return Told(self.head(y), self.up(coarse.mean((2, 3))), gates)


def parts_of(config: NetworkConfig) -> tuple[int, int, int]:
    """Channels that speak of hidden cells, of where the visible surface lies, and of the run behind it."""
    return config.resolution, config.resolution, config.run


def _through(layers: nn.Module, x: Tensor, gates: list[Gate]) -> Tensor:
    """Features behind a block or several; the gates of dynamic ones are told."""
    for layer in layers if isinstance(layers, nn.Sequential) else (layers,):
        x = layer(x, gates) if isinstance(layer, DynamicBlock) else layer(x)
    return x


def _joined(coarse: Tensor, fine: Tensor) -> Tensor:
    """Coarse features at twice their resolution, beside fine ones."""
    return torch.cat([F.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False), fine], 1)


class Block(nn.Module):
    """x + conv(act(norm(conv(act(norm(x)))))), at first x alone (He et al., ECCV 2016: pre-activation).

    Args:
        in_channels: channels coming in.
        out_channels: channels going out.
        stride: of the first convolution and of the skip connection.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.norm1 = normalisation("group", in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1)
        self.norm2 = normalisation("group", out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        same = in_channels == out_channels and stride == 1
        self.skip = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1, stride)

    def forward(self, x: Float[Tensor, "batch in h w"]) -> Float[Tensor, "batch out _h _w"]:
        """Features."""
        y = self.conv1(F.relu(self.norm1(x)))
        y = self.conv2(F.relu(self.norm2(y)))
        found: Tensor = self.skip(x) + y
        return found


class Attention(nn.Module):
    """x + attention between all places (Vaswani et al., NeurIPS 2017), which are told apart by learned vectors.

    Args:
        channels: of the features.
        side: places along rows and columns.
    """

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.norm = normalisation("group", channels)
        self.place = nn.Parameter(0.02 * torch.randn(1, channels, side, side))
        self.query = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Float[Tensor, "batch channel h w"]) -> Float[Tensor, "batch channel h w"]:
        """Features."""
        heads = self.query(self.norm(x) + self.place).flatten(2).unflatten(1, (3, _HEADS, -1))
        query, key, value = heads.mT.unbind(1)
        found = F.scaled_dot_product_attention(query, key, value).mT.flatten(1, 2).unflatten(2, x.shape[2:])
        added: Tensor = x + self.out(found)
        return added
