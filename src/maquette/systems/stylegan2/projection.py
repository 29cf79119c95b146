"""Projection: w and noise of the picture that is nearest to a given one (Karras et al., CVPR 2020, appendix D).

Equivalent to the official projector but for what pictures are compared in: features of a backbone of ours in the
place of LPIPS, and pixels beside them.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, normalize
from torch.optim import Adam

from ...nn.backbones.backbone import Backbone
from .network import Generator
from .synthesis import Noise

SAMPLES = 10_000
TAPS = (2, 4, 8, 16)
_RATE = 0.1
_RAMP_UP, _RAMP_DOWN = 0.05, 0.25
_JITTER, _JITTER_END = 0.05, 0.75
_NOISE_WEIGHT = 1e5
_PIXEL_WEIGHT = 4.0
_LEAST_NOISE = 8  # pixels a side of the smallest level
_LARGEST_SEEN = 256  # pixels a side of what the backbone sees
_MOMENTS = (0.0, 0.02, 0.05, 0.1, 0.25, 0.5)

Draw = Callable[[int, torch.Generator], Tensor]  # so many w
Watch = Callable[[int, str], None]


class Styles(NamedTuple):
    """What w are like.

    Attributes:
        mean: over random numbers.
        spread: root of the mean squared distance from it.
    """

    mean: Float[Tensor, " w_dim"]
    spread: float


class Projection(NamedTuple):
    """What was found.

    Attributes:
        w: the style of all layers.
        noise: of each convolution.
        image: RGB, about [0, 1].
        way: pictures at the start and on the way.
        distance: of `look`, of the last picture.
    """

    w: Float[Tensor, "1 w_dim"]
    noise: list[Tensor]
    image: Float[Tensor, "1 3 size size"]
    way: list[Tensor]
    distance: float


def style_statistics(draw: Draw, samples: int = SAMPLES, seed: int = 123) -> Styles:
    """Mean and spread of w.

    Args:
        draw: gives w.
        samples: how many.
        seed: of the random numbers.
    """
    w = draw(samples, torch.Generator().manual_seed(seed))
    mean = w.mean(0)
    return Styles(mean, float((w - mean).square().sum(1).mean().sqrt()))


def look(network: Backbone, images: Float[Tensor, "batch 3 h w"]) -> Float[Tensor, "batch number"]:
    """What pictures look like, as vectors whose squared distance is compared.

    Features of each tap, of length 1 at each place (Zhang et al., CVPR 2018, without learned weights), and pixels;
    each is divided by the root of its number of places.

    Args:
        network: with the taps that count.
        images: RGB, about [0, 1]; reduced to 256 pixels where they are larger.
    """
    factor = images.shape[-1] // _LARGEST_SEEN
    seen = avg_pool2d(images, factor) if factor > 1 else images
    maps = [normalize(features, dim=1) for features in network(seen).values()]
    maps.append(images * math.sqrt(_PIXEL_WEIGHT))
    return torch.cat([one.flatten(1) / math.sqrt(one[0, 0].numel()) for one in maps], 1)


def rate_at(t: float) -> float:
    """Learning rate at a share of all steps: up linearly, down as a cosine."""
    down = min(1.0, (1 - t) / _RAMP_DOWN)
    return _RATE * (0.5 - 0.5 * math.cos(math.pi * down)) * min(1.0, t / _RAMP_UP)


def jitter_at(t: float, spread: float) -> float:
    """Deviation of what is added to w at a share of all steps."""
    return spread * _JITTER * max(0.0, 1 - t / _JITTER_END) ** 2


def noise_autocorrelation(noise: Sequence[Float[Tensor, "1 1 _height _width"]]) -> Float[Tensor, ""]:
    """How much noise resembles itself a pixel further: 0 for noise, much for a picture.

    The squared means of products with the neighbours along x and along y, of every level from the whole size to 8
    pixels, each the mean of 2 x 2 of the one before.
    """
    total = noise[0].new_zeros(())
    for level in noise:
        while True:
            total = total + sum((level * level.roll(1, axis)).mean().square() for axis in (3, 2))
            if level.shape[-1] <= _LEAST_NOISE:
                break
            level = avg_pool2d(level, 2)
    return total


def fresh_noise(generator: Generator, draw: torch.Generator) -> list[Tensor]:
    """Noise for each convolution, on the generator's device."""
    device = generator.mapping.w_avg.device
    sizes = [size for size in generator.config.resolutions for _ in range(1 if size == 4 else 2)]
    return [torch.randn(1, 1, size, size, generator=draw).to(device) for size in sizes]


def made_of(
    generator: Generator, w: Float[Tensor, "batch own w_dim"], noise: Noise
) -> Float[Tensor, "batch 3 size size"]:
    """Pictures, RGB about [0, 1]; `w` has one style for all layers, or each layer's own."""
    styles = w.expand(-1, generator.config.styles, -1)
    images: Tensor = (generator.synthesis(styles, noise) + 1) / 2
    return images.expand(-1, 3, -1, -1)


def project(
    generator: Generator,
    target: Float[Tensor, "1 3 size size"],
    network: Backbone,
    styles: Styles,
    steps: int,
    seed: int = 0,
    start: Float[Tensor, "1 w_dim"] | None = None,
    watch: Watch | None = None,
) -> Projection:
    """Move w and noise until the picture looks like the target.

    One w for all layers, and noise, by Adam; noise that resembles itself costs, and is brought back to mean 0 and
    deviation 1 behind each step. At first w is jittered.

    Args:
        generator: in its mode of evaluation.
        target: RGB in [0, 1], of the generator's size.
        network: what pictures are compared in, with `TAPS`, in its mode of evaluation.
        styles: of the generator.
        steps: 0 leaves everything at the start.
        seed: of noise and jitter.
        start: from which w, then without jitter; the mean when not given.
        watch: told steps done, and the distance.
    """
    draw = torch.Generator().manual_seed(seed)
    noise = [level.requires_grad_() for level in fresh_noise(generator, draw)]
    w = (styles.mean[None] if start is None else start).detach().clone().requires_grad_()
    spread = styles.spread if start is None else 0.0
    optimiser = Adam([w, *noise], lr=_RATE)
    with torch.no_grad():
        wanted = look(network, target)
    shown, way = {int(moment * steps) for moment in _MOMENTS}, []
    for step in range(steps):
        t = step / steps
        optimiser.param_groups[0]["lr"] = rate_at(t)
        jitter = torch.randn(w.shape, generator=draw).to(w) * jitter_at(t, spread)
        image = made_of(generator, (w + jitter)[:, None], noise)
        distance = (look(network, image) - wanted).square().sum()
        loss = distance + _NOISE_WEIGHT * noise_autocorrelation(noise)
        for value, slope in zip([w, *noise], torch.autograd.grad(loss, [w, *noise]), strict=True):
            value.grad = slope
        optimiser.step()
        _normalise(noise)
        if step in shown:
            way.append(image.detach())
        if watch:
            watch(step + 1, f"distance {float(distance.detach()):.3f}")
    with torch.no_grad():
        image = made_of(generator, w[:, None], noise)
        distance = (look(network, image) - wanted).square().sum()
    return Projection(w.detach(), [level.detach() for level in noise], image, way, float(distance))


@torch.no_grad()
def _normalise(noise: Sequence[Tensor]) -> None:
    for level in noise:
        level -= level.mean()
        level *= level.square().mean().clamp(min=1e-12).rsqrt()


def framed(picture: Float[Tensor, "3 height width"], size: int) -> Float[Tensor, "1 3 {size} {size}"]:
    """The square in a picture's middle, scaled to `size` pixels; the picture itself where it has that size."""
    height, width = picture.shape[1:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[None, :, top : top + side, left : left + side]
    if side == size:
        return square
    return interpolate(square, size=(size, size), mode="bilinear", antialias=True).clamp(0, 1)
