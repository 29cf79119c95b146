"""Pictures as a pinhole camera with the same K would have taken them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch

from .cameras_parse import ViewData
from .image_files import read_pixels
from .images import load_mask, save_image


def undistorted(views: Sequence[ViewData], folder: Path) -> Iterator[ViewData]:
    """Views without lenses, one after another; those that had one get their pictures drawn anew, into a folder.

    A picture keeps its size and its K. Beyond what the lens saw colours repeat its border, and nothing belongs to the
    object there.

    Args:
        views: any.
        folder: to which `<number>.png` and `<number>_mask.png` are written.

    Raises:
        BadInput: a picture that cannot be read, a mask that is all black, or a place that cannot be written to.
    """
    maps: dict[object, np.ndarray] = {}
    for i, view in enumerate(views):
        if view.lens is None:
            yield view
            continue
        key = view.lens, view.width, view.height, view.K.tobytes()
        if key not in maps:
            maps = {key: lens_map(view)}
        image = view.image and folder / f"{i:04d}.png"
        mask = view.mask and folder / f"{i:04d}_mask.png"
        if view.image is not None and image is not None:
            pixels = undistort(read_pixels(view.image), maps[key])
            save_image(torch.from_numpy(pixels.transpose(2, 0, 1)), image)
        if view.mask is not None and mask is not None:
            inside = load_mask(view.mask)[0].numpy().astype(np.float32)
            save_image(torch.from_numpy(_remap(inside, maps[key], cv2.BORDER_CONSTANT) > 0.5), mask)
        yield replace(view, image=image, mask=mask, lens=None)


def lens_map(view: ViewData) -> np.ndarray:
    """Where each pixel of the undistorted picture lies in the one that was taken.

    Returns:
        (H, W, 2) float32 places (x, y), with the centre of the first pixel at (0, 0) as `cv2.remap` takes them.
    """
    assert view.lens is not None
    focal, middle = view.K[[0, 1], [0, 1]], view.K[:2, 2]
    pixels = np.stack(np.meshgrid(np.arange(view.width), np.arange(view.height)), axis=-1) + 0.5
    bent = view.lens.distort((pixels - middle) / focal)
    places: np.ndarray = np.nan_to_num(bent * focal + middle - 0.5, nan=-1e6)
    return places.clip(-1e6, 1e6).astype(np.float32)


def undistort(pixels: np.ndarray, places: np.ndarray) -> np.ndarray:
    """A picture (H, W, C) float32 with its colours from the places of `lens_map`; outside, alpha is 0."""
    bent = _remap(pixels, places, cv2.BORDER_REPLICATE)
    if bent.shape[2] == 4:
        bent[..., 3] = _remap(np.ascontiguousarray(pixels[..., 3]), places, cv2.BORDER_CONSTANT)
    return bent


def _remap(pixels: np.ndarray, places: np.ndarray, border: int) -> np.ndarray:
    x, y = (np.ascontiguousarray(places[..., i]) for i in (0, 1))
    bent = np.asarray(cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=border))
    return bent.reshape(*places.shape[:2], *pixels.shape[2:])
