"""Pictures that commands are given: found, read and judged before torch is imported."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..io.any_cameras_parse import need_straight, parse_any_cameras
from ..io.cameras_parse import ViewData
from ..io.errors import BadInput, ParseError, as_bad_input
from ..io.files import read_file
from ..io.image_files import PICTURE_SUFFIXES, decode_image, image_size, mask_in
from ..io.local_path import local_path

_LARGEST = 2048  # pixels of the longer side to which larger pictures are reduced
Box = tuple[float, float, float, float]
_SMALLEST = 8  # pixels of the shorter side


class Source(NamedTuple):
    """A picture to read, with the files of its mask and what is known of its camera."""

    file: Path
    mask: Path | None
    camera: ViewData | None = None


@dataclass(frozen=True)
class Picture:
    """A picture that was read.

    Attributes:
        name: file it came from.
        pixels: (H, W, C) floats in [0, 1] with C 1, 3 or 4.
        mask: (H', W') booleans, or None.
        fov: degrees along the longer side, or None where the file does not say.
        camera: that took it, where it is known.
        box: left, top, width and height of the part of `pixels` that shows the object, where somebody said it.
    """

    name: str
    pixels: np.ndarray
    mask: np.ndarray | None = None
    fov: float | None = None
    camera: ViewData | None = None
    box: Box | None = None


def picture_files(paths: Sequence[Path]) -> list[Path]:
    """The pictures that are named, folders replaced by the pictures in them, in order of their names.

    Raises:
        BadInput: a folder that cannot be read, or without pictures; an address of the web.
    """
    return [
        file for path in paths for file in (_in_folder(path) if path.is_dir() else [Path(local_path(path))])
    ]


def _in_folder(folder: Path) -> list[Path]:
    with as_bad_input(folder, OSError):
        names = sorted(os.listdir(folder))
    found = [
        name for name in names if Path(name).suffix.lower() in PICTURE_SUFFIXES and not name.startswith(".")
    ]
    if not found:
        raise BadInput(folder, f"no picture in it ({', '.join(PICTURE_SUFFIXES)})")
    return [folder / name for name in found]


def sources_of_cameras(path: Path, root: Path | None = None) -> tuple[list[Source], str]:
    """Pictures, masks and cameras of a file, or of COLMAP's folder (`io.any_cameras_parse`), and which way is up.

    Raises:
        BadInput: a file that is missing or malformed, a view without a picture, or one that a lens has bent.
    """
    sources, data = [], parse_any_cameras(path, root)
    need_straight(path, data.views)
    for i, view in enumerate(data.views):
        if view.image is None:
            raise BadInput(path, "has no picture", f"view {i}")
        sources.append(Source(view.image, view.mask, view))
    return sources, data.up


def need_picture(path: Path) -> np.ndarray:
    """Read a picture; refuse one that cannot be read or is only a few pixels large."""
    with as_bad_input(path, ParseError):
        pixels = decode_image(read_file(path), _LARGEST)
    height, width = pixels.shape[:2]
    if min(height, width) < _SMALLEST:
        raise BadInput(
            path, f"the picture is {width} x {height}; at least {_SMALLEST} pixels a side are needed"
        )
    return pixels


def need_box(path: Path, pixels: np.ndarray, box: Box) -> Box:
    """A box in the pixels that were read, of one in those of the file; refuse one that is not in the picture.

    Args:
        path: the picture.
        pixels: of it, which may have been reduced.
        box: left, top, width and height.
    """
    columns, rows = image_size(path)
    left, top, width, height = box
    if left + width > columns or top + height > rows:
        said = " ".join(f"{side:g}" for side in box)
        raise BadInput(path, f"the picture is {columns} x {rows}; --box {said} reaches out of it")
    across, down = pixels.shape[1] / columns, pixels.shape[0] / rows
    return left * across, top * down, width * across, height * down


def need_mask(path: Path) -> np.ndarray:
    """Read a mask; refuse one that cannot be read or is all black."""
    with as_bad_input(path, ParseError):
        return mask_in(decode_image(read_file(path), _LARGEST), path)


def need_object(picture: Picture, masked: bool) -> Picture:
    """Refuse a picture that plainly shows no object: transparent everywhere, or of one colour.

    Args:
        picture: that was read.
        masked: whether an object has to be found in it, for which one colour is too little without a mask.
    """
    pixels = picture.pixels
    if pixels.shape[2] == 4 and not (pixels[..., 3] > 0.5).any():
        raise BadInput(picture.name, "the picture is transparent everywhere")
    see_through = pixels.shape[2] == 4 and (pixels[..., 3] <= 0.5).any()
    if (
        masked
        and picture.mask is None
        and not see_through
        and not (pixels[..., :3] != pixels[0, 0, :3]).any()
    ):
        raise BadInput(picture.name, "no object was found in the picture: it is of one colour")
    return picture
