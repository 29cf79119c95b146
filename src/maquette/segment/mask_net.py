"""`MaskNet`: the object that a picture is about, pixel by pixel; fully convolutional."""

from collections.abc import Mapping
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from ..nn.backbones.backbone import Backbone

STRIDES = (2, 4, 8, 16, 32)
STEP = 32  # sides of pictures are multiples of it
_POOLS = (1, 2, 4)


class MaskNet(nn.Module):
    """MobileNetV2's features at strides 2 to 32, and a decoder that goes up from the coarsest to the finest.

    What surrounds a place, up to the whole picture, is pooled at the coarsest level (Zhao et al., PSPNet, CVPR 2017);
    each finer level adds its features to what comes from below (Lin et al., feature pyramids, CVPR 2017), behind
    which there are two depthwise separable convolutions.

    Args:
        width: channels of the decoder at the coarsest level, halved twice towards the finest; a multiple of 4.
        frozen: whether the backbone keeps its first weights.
    """

    def __init__(self, width: int = 128, frozen: bool = True) -> None:
        super().__init__()
        self.frozen = frozen
        self.backbone = Backbone("mobilenet_v2", taps=STRIDES)
        if frozen:
            self.backbone.requires_grad_(False)
        widths = (width // 4, width // 2, width // 2, width, width)
        channels = [self.backbone.channels[stride] for stride in STRIDES]
        self.lateral = nn.ModuleList(nn.Conv2d(c, w, 1) for c, w in zip(channels, widths, strict=True))
        self.pooled = nn.ModuleList(nn.Conv2d(channels[-1], widths[-1], 1) for _ in _POOLS)
        self.up = nn.ModuleList(nn.Conv2d(below, own, 1, bias=False) for own, below in pairwise(widths))
        self.smooth = nn.ModuleList(nn.Sequential(_separable(w), _separable(w)) for w in widths)
        self.tell = nn.Conv2d(widths[0], 1, 1)

    def forward(self, images: Float[Tensor, "picture 3 height width"]) -> Float[Tensor, "picture 1 h w"]:
        """Logits of the object, at half the resolution.

        Args:
            images: RGB in [0, 1], whose sides are multiples of `STEP`.
        """
        return self.decode(self.features(images))

    def features(self, images: Float[Tensor, "picture 3 height width"]) -> Mapping[int, Tensor]:
        """What the decoder reads, by stride; without gradients where the backbone is frozen."""
        if not self.frozen:
            return dict(self.backbone(images))
        with torch.no_grad():
            return dict(self.backbone(images))

    def decode(self, maps: Mapping[int, Tensor]) -> Float[Tensor, "picture 1 h w"]:
        """Logits of what `features` gives."""
        coarse = maps[STRIDES[-1]]
        size = coarse.shape[-2:]
        x = self.lateral[-1](coarse)
        for pool, conv in zip(_POOLS, self.pooled, strict=True):
            x = x + _resized(conv(adaptive_avg_pool2d(coarse, pool)), (size[0], size[1]))
        x = self.smooth[-1](x)
        for level in reversed(range(len(STRIDES) - 1)):
            own = maps[STRIDES[level]]
            x = self.lateral[level](own) + _resized(self.up[level](x), (own.shape[2], own.shape[3]))
            x = self.smooth[level](x)
        logits: Tensor = self.tell(x)
        return logits


def _separable(width: int) -> nn.Sequential:
    around = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
    return nn.Sequential(around, nn.Conv2d(width, width, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())


def _resized(x: Tensor, size: tuple[int, int]) -> Tensor:
    return interpolate(x, size, mode="bilinear", align_corners=False)
