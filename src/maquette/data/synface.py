"""Pictures with their depth, as Unsup3D (Wu et al., CVPR 2020) reads its renderings of the Basel face model.

{train,val,test}/image/.../<name>.png     the picture; "image" may be part of the name
{train,val,test}/depth/.../<name>.png     its depth, as many pixels; with "depth" there

White is near, at 0.9; black is far, at 1.1, and means that nothing is there.
"""

import struct
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ..io.errors import BadInput, as_bad_input
from ..io.image_files import PICTURE_SUFFIXES, image_size
from ..structures.shape import SPLITS
from .batch import Entry
from .problems import Problem
from .recognise import SYNFACE_DEPTH, SYNFACE_IMAGE
from .walk import names_below

NEAREST, FARTHEST = 0.9, 1.1
_PNG, _HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 24
CROP = 170  # pixels a side of the square in the middle that is used of larger pictures

Box = tuple[float, float, float, float]


class DepthPicture(NamedTuple):
    """A picture, its depth, what is known of it, and its crop: left, top, right, bottom; None for all of it."""

    image: Path
    depth: Path
    entry: Entry
    box: Box | None


class SynFace(NamedTuple):
    """Pictures in order of split and name, and what is wrong with those that are left out."""

    root: Path
    pictures: tuple[DepthPicture, ...]
    problems: tuple[Problem, ...]


def read_synface(root: str | PathLike[str]) -> SynFace:
    """List the pictures of all splits; of each file the header is read. Those without a depth are left out and named.

    Raises:
        BadInput: no picture with its depth, a file that is no picture, or a depth of another size than its picture's.
    """
    root = Path(root)
    pictures, problems = [], []
    for split in SPLITS:
        images = root / split / SYNFACE_IMAGE
        for name in sorted(names_below(images, PICTURE_SUFFIXES)) if images.is_dir() else ():
            depth = root / split / SYNFACE_DEPTH / depth_name(name)
            if depth.is_file():
                entry = Entry(f"{split}/{name}", "face", split, source="synface")
                pictures.append(DepthPicture(images / name, depth, entry, _crop(images / name, depth)))
            else:
                problems.append(Problem(str(images / name), f"its depth {depth} is missing"))
    if not pictures:
        raise BadInput(root, "has no picture with its depth")
    return SynFace(root, tuple(pictures), tuple(problems))


def depth_name(name: str) -> str:
    """Where the depth of a picture is below the folder of depths: "image" in the file's name is "depth" there."""
    path = Path(name)
    return str(path.with_name(path.name.replace(SYNFACE_IMAGE, SYNFACE_DEPTH)))


def depth_of_brightness(brightness: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Distance along the camera's axis of brightness in [0, 1]; 0, which is none, where it is 0."""
    depth = torch.lerp(
        torch.full_like(brightness, FARTHEST), torch.full_like(brightness, NEAREST), brightness
    )
    return depth * (brightness > 0)


def _crop(image: Path, depth: Path) -> Box | None:
    width, height = size = _size(image)
    if (found := _size(depth)) != size:
        of_depth = f"{found[0]} x {found[1]}"
        raise BadInput(depth, f"is {of_depth} pixels, its picture {image.name} {width} x {height}")
    if min(size) <= CROP:
        return None
    left, top = (width - CROP) / 2, (height - CROP) / 2
    return left, top, left + CROP, top + CROP


def _size(path: Path) -> tuple[int, int]:
    """(width, height): there may be hundreds of thousands of PNG files, of which the first bytes say it."""
    with as_bad_input(path, OSError), path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_PNG) and len(head) == _HEAD:
        width, height = struct.unpack(">II", head[-8:])
        return width, height
    return image_size(path)
