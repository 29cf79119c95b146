"""Maps that vertices look at: the backbone's four, with blocks added, or one that they are summed into."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ...nn.dynamic import DynamicBasicBlock, DynamicBlock, DynamicBottleneck, Gate
from .config import NetworkConfig

Maps = list[Tensor]
Gates = list[Gate]
_SQUEEZE = 4  # channels within a bottleneck are a fourth of those around it


class BackboneMaps(nn.Module):
    """The backbone's maps as they are, but for blocks on one of them: added, with nothing removed.

    Args:
        channels: of the maps, the finest first.
        blocks: how many are added, on the map behind the finest.
    """

    def __init__(self, channels: Sequence[int], blocks: int = 0) -> None:
        super().__init__()
        self.channels = tuple(channels)
        self.blocks = nn.Sequential(*(PlainBottleneck(channels[1]) for _ in range(blocks)))

    def forward(self, maps: Maps, gates: Gates | None = None) -> Maps:
        """The maps; there are no gates."""
        first, second, *rest = maps
        return [first, self.blocks(second), *rest]


class SharedMap(nn.Module):
    """One map of all: each is projected, resized to the finest one's size, summed, and the sum refined by blocks.

    Args:
        channels: of the maps, the finest first.
        width: channels of the sum.
        blocks: that refine it.
    """

    def __init__(self, channels: Sequence[int], width: int, blocks: Sequence[DynamicBlock]) -> None:
        super().__init__()
        self.channels = (width,)
        self.projections = nn.ModuleList(nn.Conv2d(before, width, 1) for before in channels)
        self.blocks = nn.ModuleList(blocks)
        for projection in self.projections:
            assert isinstance(projection, nn.Conv2d)
            nn.init.xavier_normal_(projection.weight)

    def forward(self, maps: Maps, gates: Gates | None = None) -> Maps:
        """A single map; the blocks' gates are put into `gates` where it is given."""
        size = maps[0].shape[-2:]
        projected = [layer(one) for layer, one in zip(self.projections, maps, strict=True)]
        resized = [F.interpolate(one, size, mode="bilinear", align_corners=True) for one in projected[1:]]
        x = F.relu(torch.stack([projected[0], *resized]).sum(0))
        for block in self.blocks:
            x = block(x, gates, overwrite=True)
        return [x]


class PlainBottleneck(nn.Module):
    """relu(conv1x1(conv3x3(conv1x1(x))) + x) with batch normalisation (He et al., CVPR 2016).

    Args:
        channels: coming in and going out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // _SQUEEZE)
        self.conv1 = nn.Conv2d(channels, inner, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, channels, 1, bias=False)
        self.norm3 = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm3.weight)  # at first x alone

    def forward(self, x: Float[Tensor, "batch channel h w"]) -> Float[Tensor, "batch channel h w"]:
        """Features of the same size."""
        y = F.relu(self.norm1(self.conv1(x)))
        y = F.relu(self.norm2(self.conv2(y)))
        return F.relu(self.norm3(self.conv3(y)) + x)


def make_maps(config: NetworkConfig, channels: Sequence[int]) -> BackboneMaps | SharedMap:
    """What a variant's vertices look at.

    Args:
        config: of the network.
        channels: of the backbone's maps.
    """
    if not config.shares_map:
        return BackboneMaps(channels, config.refined_blocks)
    block = DynamicBottleneck if config.block == "bottleneck" else DynamicBasicBlock
    blocks = [block(config.channels) for _ in range(config.refined_blocks)]
    return SharedMap(channels, config.channels, blocks)
