"""`PictureEncoder`: a picture to a vector of features."""

import itertools

from jaxtyping import Float
from torch import Tensor, nn

from ...nn.backbones.backbone import backbone
from .config import NetworkConfig


class PictureEncoder(nn.Module):
    """The first stages of a backbone, and three 3x3 convolutions with batch normalisation and ReLU.

    As published ResNet-50 up to its second stage, 512 x 28 x 28 of a picture of 224; 2x2 maxima behind the second and
    the third convolution, 256 x 7 x 7.

    Args:
        config: which backbone, and how wide.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.tap = config.tap
        self.backbone = backbone(
            config.backbone, width=config.backbone_width, norm=config.norm, taps=(config.tap,)
        )
        self.blocks = nn.Sequential()
        widths = (self.backbone.channels[config.tap], *config.channels)
        for i, (before, after) in enumerate(itertools.pairwise(widths)):
            block = [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
            if i >= len(config.channels) - config.pools:
                block.append(nn.MaxPool2d(2))
            self.blocks.append(nn.Sequential(*block))

    def forward(self, images: Float[Tensor, "picture 3 h w"]) -> Float[Tensor, "picture feature"]:
        """What is seen of each picture, RGB in [0, 1]."""
        features: Tensor = self.blocks(self.backbone(images)[self.tap]).flatten(1)
        return features
