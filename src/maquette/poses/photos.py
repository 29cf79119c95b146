"""Pictures made ready for structure from motion: upright, of a bounded size, with masks where there are some."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from ..io.errors import BadInput
from ..io.image_files import image_fov, read_pixels
from ..io.images import save_image
from ..segment.found import find_object
from ..segment.masked_files import mask_of

_SMALLEST = 32  # pixels of the shorter side
_OUTLINE = 2  # pixels inside an outline where features are those of the background
_GREY = 0.5  # under what is transparent
_ENLARGED = (
    500  # pixels of the longer side below which a copy is twice as large: small pictures have few features
)


@dataclass(frozen=True)
class Photo:
    """A picture, and its copy that features are looked for in.

    Attributes:
        file: the picture.
        mask: file of its mask, None where it has none or is transparent around the object.
        size: width and height, upright.
        masked: whether features are looked for on the object only.
        copy: name of the copy below `images/`, that of its mask with `.png` after it below `masks/`.
        copy_size: width and height of the copy.
        fov_deg: along the longer side, as its camera wrote down; None where it did not.
    """

    file: Path
    mask: Path | None
    size: tuple[int, int]
    masked: bool
    copy: str
    copy_size: tuple[int, int]
    fov_deg: float | None


def prepare_photo(file: Path, mask: Path | None, find_mask: bool, folder: Path, largest: int) -> Photo:
    """Write the copy of a picture, and of its mask, into a folder.

    Args:
        file: the picture.
        mask: file of its mask, None where there is none; transparency then is one.
        find_mask: whether the object is looked for where neither is there.
        folder: that the copies go to; a mask that was found is `found/<number>.png` in it.
        largest: pixels of the longer side of the copy.

    Raises:
        BadInput: a picture or a mask that cannot be read, of different sizes, too small, or in which no object is
            found.
    """
    pixels = read_pixels(file)
    height, width = pixels.shape[:2]
    if min(width, height) < _SMALLEST:
        raise BadInput(
            file, f"the picture is {width} x {height}; at least {_SMALLEST} pixels a side are needed"
        )
    colours = _opaque(pixels)
    number = len(list((folder / "images").glob("*.png")))
    inside = mask_of(file, pixels, mask)
    if inside is None and find_mask:
        inside, mask = _found(file, colours), folder / "found" / f"{number:04d}.png"
        save_image(torch.from_numpy(inside), mask)
    scale = min(2.0 if max(width, height) < _ENLARGED else 1.0, largest / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    copy = f"{number:04d}.png"
    if inside is not None:
        reduced = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) > 0.5
        kept = cv2.erode(reduced.astype(np.uint8), np.ones((2 * _OUTLINE + 1,) * 2, np.uint8))
        save_image(torch.from_numpy(kept > 0), folder / "masks" / f"{copy}.png")
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = colours if scale == 1 else cv2.resize(colours, size, interpolation=way).clip(0, 1)
    save_image(torch.from_numpy(resized.transpose(2, 0, 1)), folder / "images" / copy)
    return Photo(file, mask, (width, height), inside is not None, copy, size, image_fov(file))


def _opaque(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3) colours, grey where the picture is transparent."""
    if pixels.shape[2] == 4:
        laid: np.ndarray = pixels[..., :3] * pixels[..., 3:] + _GREY * (1 - pixels[..., 3:])
        return laid
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def _found(file: Path, colours: np.ndarray) -> np.ndarray:
    found = find_object(torch.from_numpy(colours.transpose(2, 0, 1).copy()))
    if found is None:
        raise BadInput(file, "no object was found in the picture; give its mask")
    return found.mask[0].numpy() > 0.5
