"""Convolutions from a square picture to a code, a vector, and from a code back to a picture.

Both are lists of layers for `nn.Sequential`: pictures are halved until 4 pixels a side are left, which one
convolution makes a code of, and the way back is the same. Convolutions have no bias. As in Unsup3D (Wu et al., CVPR
2020, tables 5 to 8), whose pictures have 64 pixels.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import nn

SMALLEST = 8
_LAST = 4  # pixels a side that one convolution makes a code of
_WIDEST = 8
_CHANNELS_A_GROUP = 4


def level_channels(size: int, width: int) -> tuple[int, ...]:
    """Channels behind each halving: `width`, doubled three times at most.

    Args:
        size: pixels a side of the picture; a power of two.
        width: channels behind the first halving; a multiple of 4.

    Returns:
        as many numbers as there are halvings.

    Raises:
        ValueError: another size or width.
    """
    if size < SMALLEST or size & (size - 1):
        raise ValueError(f"a size of {size}: use a power of two, at least {SMALLEST}")
    if width < 1 or width % _CHANNELS_A_GROUP:
        raise ValueError(f"a width of {width}: use a multiple of {_CHANNELS_A_GROUP}")
    halvings = (size // _LAST).bit_length() - 1
    return tuple(width * min(2**level, _WIDEST) for level in range(halvings))


def to_code(
    channels: Sequence[int], code: int, normalised: bool = False, slope: float = 0.0, colours: int = 3
) -> list[nn.Module]:
    """Layers from a picture (batch, colours, size, size) to a code (batch, code, 1, 1).

    Args:
        channels: of `level_channels`.
        code: numbers of the code, none of them negative.
        normalised: group normalisation behind every halving but the last.
        slope: of the leaky ReLU behind each.
        colours: channels of the picture.
    """
    layers: list[nn.Module] = []
    before = colours
    for level, count in enumerate(channels):
        layers.append(nn.Conv2d(before, count, 4, 2, 1, bias=False))
        if normalised and level < len(channels) - 1:
            layers.append(groups(count))
        layers.append(nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True))
        before = count
    return [*layers, nn.Conv2d(before, code, _LAST, bias=False), nn.ReLU(inplace=True)]


def from_code(channels: Sequence[int], code: int, smooth: bool = True) -> list[nn.Module]:
    """Layers from a code (batch, code, 1, 1) to features at the resolution behind the first of the halvings.

    Args:
        channels: of the features at every resolution, the last of them 4 pixels a side.
        code: numbers of the code.
        smooth: a convolution of 3 x 3 at every resolution.
    """
    layers: list[nn.Module] = [
        nn.ConvTranspose2d(code, channels[-1], _LAST, bias=False),
        nn.ReLU(inplace=True),
    ]
    if smooth:
        layers += [nn.Conv2d(channels[-1], channels[-1], 3, padding=1, bias=False), nn.ReLU(inplace=True)]
    for wide, narrow in itertools.pairwise(reversed(channels)):
        layers += doubled(wide, narrow)
        if smooth:
            layers += refined(narrow, 3)
    return layers


def doubled(channels: int, out: int) -> list[nn.Module]:
    """A transposed convolution to twice the resolution, normalised in groups of 4 channels, and a ReLU."""
    conv = nn.ConvTranspose2d(channels, out, 4, 2, 1, bias=False)
    return [conv, groups(out), nn.ReLU(inplace=True)]


def refined(channels: int, kernel: int) -> list[nn.Module]:
    """A convolution at the same resolution, normalised in groups of 4 channels, and a ReLU."""
    conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=False)
    return [conv, groups(channels), nn.ReLU(inplace=True)]


def start_smooth(module: nn.Module) -> None:
    """Let the transposed convolutions that double a resolution begin as bilinear interpolation of mixed channels.

    Drawn at random, each of a square's four pixels has weights of its own: what comes out is a checkerboard, which
    a depth's normals are made of until it is unlearned (Odena et al., Distill 2016).

    Args:
        module: whose convolutions of `doubled` get new weights.
    """
    ramp = torch.tensor([0.25, 0.75, 0.75, 0.25])
    for layer in module.modules():
        if isinstance(layer, nn.ConvTranspose2d) and layer.stride == (2, 2):
            mix = torch.empty_like(layer.weight[..., :1, :1])
            nn.init.normal_(mix, std=layer.in_channels**-0.5)
            with torch.no_grad():
                layer.weight.copy_(mix * torch.outer(ramp, ramp))


def groups(channels: int) -> nn.GroupNorm:
    """Group normalisation in groups of 4 channels."""
    return nn.GroupNorm(channels // _CHANNELS_A_GROUP, channels)
