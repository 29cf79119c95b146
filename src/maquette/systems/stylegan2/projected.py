"""The projected discriminator: several small ones that look at features instead of pixels.

Sauer, Chitta, Müller and Geiger, "Projected GANs Converge Faster", NeurIPS 2021. Four maps of a network that knows
pictures, which is not trained, are mixed at random, across channels and from coarse to fine (section 3.2), so that no
discriminator can rely on one of them alone; each map then has a discriminator of its own, with spectral norms.

One more, which is ours, looks at the picture itself, 16 pixels a side: features hardly tell colours. The features are
those of the network that ships for masks, MobileNetV2's of ImageNet, so that nothing is downloaded; they and the
mixture, which follows from a fixed seed, are no part of any weights.
"""

import math
from contextlib import AbstractContextManager
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, interpolate
from torch.nn.utils.parametrizations import spectral_norm

from ...nn.backbones.backbone import Backbone
from ...nn.backbones.folding import folded
from ...segment.network_mask import shipped_mask_net
from .config import NetworkConfig

STRIDES = (2, 4, 8, 16)
_WIDTHS = (16, 32, 64, 64)  # channels of the mixed maps
_GAINS = (0.4, 0.75, 0.85, 1.1)  # that bring mixed maps of drawn pictures to a deviation of 1
_SMALLEST = 64  # pixels a side of what the features are taken from
_COARSE, _SPREAD = 16, 2.5  # pixels a side of the picture itself; gain of it
_SLOPE = 0.2


class Projection(nn.Module):
    """Mixed maps of features, and the coarse picture; no parameter of it is learned or stored.

    Args:
        seed: of the mixture.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        channels = picture_network().channels
        with _drawing(), torch.device("cpu"):  # what is not stored must be there, on "meta", too
            torch.manual_seed(seed)
            for i, (stride, width) in enumerate(zip(STRIDES, _WIDTHS, strict=True)):
                finer = _WIDTHS[max(0, i - 1)]
                self.register_buffer(f"across{i}", _drawn(width, channels[stride], 1), persistent=False)
                self.register_buffer(f"down{i}", _drawn(finer, width, 3), persistent=False)

    def forward(
        self, images: Float[Tensor, "batch 3 size size"]
    ) -> list[Float[Tensor, "batch _channel _side _side"]]:
        """Maps from the finest to the coarsest, then the coarse picture, of pictures in [-1, 1]."""
        picture = adaptive_avg_pool2d(images, _COARSE) * _SPREAD
        size = max(_SMALLEST, images.shape[-1])
        if size != images.shape[-1]:
            images = interpolate(images, (size, size), mode="bilinear", align_corners=False)
        maps = picture_network().to(images.device)((images + 1) / 2)
        coarser: Tensor | None = None
        mixed = []
        for i in reversed(range(len(STRIDES))):
            x = nn.functional.conv2d(maps[STRIDES[i]], self.get_buffer(f"across{i}"))
            if coarser is not None:
                x = x + interpolate(coarser, x.shape[-2:], mode="bilinear", align_corners=False)
            coarser = nn.functional.conv2d(x, self.get_buffer(f"down{i}"), padding=1)
            mixed.append(x * _GAINS[i])
        return [*mixed[::-1], picture]


class ProjectedDiscriminator(nn.Module):
    """Pictures to some numbers each, of all maps and places, high for real ones.

    Args:
        config: sizes.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.projection = Projection()
        sides = [max(_SMALLEST, config.size) // stride for stride in STRIDES]
        heads = [_head(width, width, side) for width, side in zip(_WIDTHS, sides, strict=True)]
        self.heads = nn.ModuleList([*heads, _head(3, _WIDTHS[1], _COARSE)])

    def forward(
        self, images: Float[Tensor, "batch 3 size size"], labels: None = None
    ) -> Float[Tensor, "batch place"]:
        """What each discriminator says of each of its places.

        Args:
            images: in [-1, 1].
            labels: none are known here.
        """
        maps = self.projection(images)
        return torch.cat([head(x).flatten(1) for head, x in zip(self.heads, maps, strict=True)], 1)


@cache
def picture_network() -> Backbone:
    """The features' network, shared by all discriminators."""
    with _drawing(), torch.device("cpu"):
        backbone = Backbone("mobilenet_v2", taps=STRIDES)  # whose first weights are drawn, and replaced
    known = shipped_mask_net().backbone.body.state_dict()
    backbone.body.load_state_dict({name: known[name] for name in backbone.body.state_dict()})
    return folded(backbone).requires_grad_(False).eval()


def _drawing() -> AbstractContextManager[None]:
    """Random numbers drawn within leave those behind it as they would have been."""
    return torch.random.fork_rng(devices=[])


def _drawn(outputs: int, inputs: int, kernel: int) -> Tensor:
    """Weights of a convolution by He's rule, behind which nothing is rectified."""
    return torch.randn(outputs, inputs, kernel, kernel) / math.sqrt(inputs * kernel**2)


def _head(inputs: int, width: int, side: int) -> nn.Sequential:
    layers: list[nn.Module] = [spectral_norm(nn.Conv2d(inputs, width, 3, padding=1)), nn.LeakyReLU(_SLOPE)]
    while side > 4:
        wider = min(2 * width, _WIDTHS[-1])
        layers += [spectral_norm(nn.Conv2d(width, wider, 4, 2, 1)), nn.LeakyReLU(_SLOPE)]
        width, side = wider, side // 2
    return nn.Sequential(*layers, spectral_norm(nn.Conv2d(width, 1, side)))
