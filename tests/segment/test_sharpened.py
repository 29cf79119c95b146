"""Masks of a network cut along the colours of the picture, where two cuts agree."""

import numpy as np
import torch

from maquette.segment.sharpened import sharpened
from maquette.structures.mask_box import mask_overlap


def _scene(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A green disc before grey noise, and the disc."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:96, :96]
    disc = np.hypot(x - 48, y - 48) < 22
    pixels = rng.uniform(0.4, 0.6, (96, 96, 1)).repeat(3, 2).astype(np.float32)
    pixels[disc] = np.array([0.1, 0.7, 0.2]) + rng.uniform(-0.05, 0.05, (int(disc.sum()), 3))
    return pixels, disc


def test_what_came_along_is_cut_off() -> None:
    pixels, disc = _scene()
    told = np.where(disc, 0.9, 0.1)
    told[40:56, 60:] = 0.8  # a bar of background that reaches the border
    before = float((disc & (told > 0.5)).sum() / (disc | (told > 0.5)).sum())
    found = sharpened(pixels, told)
    assert found is not None
    mask, agreement = found
    assert before < 0.85
    assert mask_overlap(torch.from_numpy(mask), torch.from_numpy(disc)) > 0.97
    assert agreement > 0.95


def test_colours_that_tell_nothing_leave_the_network_its_mask() -> None:
    rng = np.random.default_rng(0)
    noise = rng.uniform(0, 1, (96, 96, 3)).astype(np.float32)
    told = np.zeros((96, 96))
    told[:, 40:] = 0.9
    assert sharpened(noise, told) is None


def test_where_the_network_sees_nothing_there_is_nothing_to_cut() -> None:
    assert sharpened(_scene()[0], np.zeros((96, 96))) is None
