"""Augmentation of what the discriminator sees, and its strength (Karras et al., NeurIPS 2020, sections 2.2 and 3)."""

import torch
from jaxtyping import Float
from torch import Tensor

from .changes import PIPES, Changes, drawn_changes
from .colours import colour_matrix, coloured
from .corruptions import band_gains, cut_out, filtered, noised
from .geometry import pixel_matrix, resampled

_GEOMETRIC, _COLOURS = set(PIPES["bg"]), set(PIPES["color"])


def augmented(
    images: Float[Tensor, "batch channel height width"], pipe: str, p: float
) -> Float[Tensor, "batch channel height width"]:
    """Pictures, each changed in ways of its own; with p = 0 they are left alone, where the official code resamples.

    Args:
        images: in [-1, 1].
        pipe: which changes there may be, a key of `changes.PIPES`.
        p: probability of each.
    """
    if p <= 0 or not PIPES[pipe]:
        return images
    changes = drawn_changes(pipe, len(images), p, images.device)
    noise = torch.randn_like(images) if "noise" in changes else None
    return changed(images, changes, noise)


def changed(
    images: Float[Tensor, "batch channel height width"],
    changes: Changes,
    noise: Float[Tensor, "batch channel height width"] | None = None,
) -> Float[Tensor, "batch channel height width"]:
    """Pictures changed as it was drawn: geometry, colours, frequencies, noise, rectangles, in this order.

    Args:
        images: in [-1, 1].
        changes: of `changes.drawn_changes`.
        noise: of deviation 1, where there is a change of that name.
    """
    count, channels, height, width = images.shape
    if _GEOMETRIC & set(changes):
        images = resampled(images, pixel_matrix(changes, count, height, width, images.device))
    if _COLOURS & set(changes):
        images = coloured(images, colour_matrix(changes, count, channels, images.device))
    if "band0" in changes:
        images = filtered(images, band_gains(changes, count, images.device))
    if noise is not None:
        images = noised(images, changes, noise)
    return cut_out(images, changes) if "cutout" in changes else images


def adapted(p: float, sign: float, target: float, pictures: int, kimg: float) -> float:
    """The strength behind some batches: up where the discriminator is too sure of real pictures, else down.

    Args:
        p: strength so far.
        sign: mean sign of what it said of real pictures since the last time.
        target: of that mean.
        pictures: in these batches.
        kimg: thousands of pictures in which p goes from 0 to 1.

    Returns:
        p +- pictures / (1000 kimg), at least 0.
    """
    step = pictures / (1000 * kimg)
    direction = (sign > target) - (sign < target)
    return max(0.0, p + direction * step)
