"""The projected discriminator: several small ones that look at features instead of pixels.

Sauer, Chitta, Müller and Geiger, "Projected GANs Converge Faster", NeurIPS 2021. Four maps of a network that knows
pictures, which is not trained, are mixed at random, across channels and from coarse to fine (section 3.2), so that no
discriminator can rely on one of them alone; each map then has a discriminator of its own, with spectral norms.

One more, which is ours, looks at the picture itself, 16 pixels a side: features hardly tell colours. The features are
those of the network that ships for masks, MobileNetV2's of ImageNet, so that nothing is downloaded; they and the
mixture, which follows from a fixed seed, are no part of any weights.
"""

import math
from functools import cache

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, interpolate
from torch.nn.utils.parametrizations import spectral_norm

from ...nn.backbones.backbone import Backbone
from ...nn.backbones.folding import folded
from ...segment.network_mask import shipped_mask_net
from .config import NetworkConfig

STRIDES = (2, 4, 8, 16)
CHANNELS = (16, 24, 32, 96)  # of MobileNetV2 at these strides
_WIDTHS = (16, 32, 64, 64)  # channels of the mixed maps
_GAINS = (0.4, 0.75, 0.85, 1.1)  # that bring mixed maps of drawn pictures to a deviation of 1
_SMALLEST = 64  # pixels a side of what the features are taken from
_COARSE, _SPREAD = 16, 2.5  # pixels a side of the picture itself; gain of it
_SLOPE = 0.2


class FeatureMixture(nn.Module):
    """Mixed maps of features, and the coarse picture; no parameter of it is learned or stored.

    Args:
        seed: of the mixture.
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        draw = torch.Generator("cpu").manual_seed(seed)
        for i, (channels, width) in enumerate(zip(CHANNELS, _WIDTHS, strict=True)):
            finer = _WIDTHS[max(0, i - 1)]
            across, down = _drawn(width, channels, 1, draw), _drawn(finer, width, 3, draw)
            self.register_buffer(f"across{i}", across, persistent=False)
            if i:  # the finest map goes no further down
                self.register_buffer(f"down{i}", down, persistent=False)

    def forward(
        self, images: Float[Tensor, "batch 3 size size"]
    ) -> list[Float[Tensor, "batch _channel _side _side"]]:
        """Maps from the finest to the coarsest, then the coarse picture, of pictures in [-1, 1]."""
        size = images.shape[-1]
        if size >= _COARSE:
            picture = avg_pool2d(images, size // _COARSE)
        else:
            picture = interpolate(images, (_COARSE, _COARSE), mode="nearest")
        if size < _SMALLEST:
            images = interpolate(images, (_SMALLEST, _SMALLEST), mode="bilinear", align_corners=False)
        maps = picture_network(images.device, images.dtype)((images + 1) / 2)
        x = conv2d(maps[STRIDES[-1]], self.get_buffer(f"across{len(STRIDES) - 1}"))
        mixed = [x]
        for i in reversed(range(len(STRIDES) - 1)):
            coarser = conv2d(x, self.get_buffer(f"down{i + 1}"), padding=1)
            x = conv2d(maps[STRIDES[i]], self.get_buffer(f"across{i}"))
            x = x + interpolate(coarser, x.shape[-2:], mode="bilinear", align_corners=False)
            mixed.append(x)
        scaled = [x * gain for x, gain in zip(mixed[::-1], _GAINS, strict=True)]
        return [*scaled, picture * _SPREAD]


class ProjectedDiscriminator(nn.Module):
    """Pictures to some numbers each, of all maps, high for real ones.

    Args:
        config: sizes.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.mixture = FeatureMixture()
        sides = [max(_SMALLEST, config.size) // stride for stride in STRIDES]
        heads = [_head(width, width, side) for width, side in zip(_WIDTHS, sides, strict=True)]
        self.heads = nn.ModuleList([*heads, _head(3, _WIDTHS[1], _COARSE)])

    def forward(
        self, images: Float[Tensor, "batch 3 size size"], labels: None = None
    ) -> Float[Tensor, "batch place"]:
        """What each of the small discriminators says.

        Args:
            images: in [-1, 1].
            labels: none are known here.
        """
        maps = self.mixture(images)
        return torch.cat([head(x).flatten(1) for head, x in zip(self.heads, maps, strict=True)], 1)


@cache
def picture_network(device: torch.device, dtype: torch.dtype) -> Backbone:
    """The features' network, shared by all discriminators on a device."""
    with torch.inference_mode(False), torch.no_grad():
        with torch.device("meta"):
            backbone = Backbone("mobilenet_v2", taps=STRIDES)
        known = shipped_mask_net().backbone.body.state_dict()
        own = {name: known[name].float().clone() for name in backbone.body.state_dict()}
        backbone.body.load_state_dict(own, assign=True)
        return folded(backbone).requires_grad_(False).eval().to(device, dtype)


def _drawn(outputs: int, inputs: int, kernel: int, draw: torch.Generator) -> Tensor:
    """Weights of a convolution by He's rule, behind which nothing is rectified; there on "meta", too."""
    weight = torch.randn(outputs, inputs, kernel, kernel, generator=draw, device="cpu")
    return weight / math.sqrt(inputs * kernel**2)


def _head(inputs: int, width: int, side: int) -> nn.Sequential:
    layers: list[nn.Module] = [spectral_norm(nn.Conv2d(inputs, width, 3, padding=1)), nn.LeakyReLU(_SLOPE)]
    while side > 4:
        wider = min(2 * width, _WIDTHS[-1])
        layers += [spectral_norm(nn.Conv2d(width, wider, 4, 2, 1)), nn.LeakyReLU(_SLOPE)]
        width, side = wider, side // 2
    return nn.Sequential(*layers, spectral_norm(nn.Conv2d(width, 1, side)))
