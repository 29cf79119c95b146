"""CelebA (Liu et al., ICCV 2015): faces, with the crop of Unsup3D (Wu et al., CVPR 2020).

img_celeba/000001.jpg or img_align_celeba/000001.jpg
list_eval_partition.txt          a row each: name, 0 (train), 1 (val) or 2 (test)
identity_CelebA.txt              a row each: name, number of the person (optional)
celeba_crop_bbox.txt or list_bbox_celeba.txt    a row each: name, left, top, width, height in pixels of
                                 img_celeba; two lines of heading are allowed (optional)
"""

import os
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..io.errors import BadInput, ParseError, as_bad_input
from ..io.files import read_file
from ..io.image_files import LARGEST_PIXELS, decode_image
from ..structures.shape import SPLITS
from .batch import Entry
from .problems import Problem
from .recognise import CELEBA_ALIGNED, CELEBA_TABLE, CELEBA_WILD

IDENTITY = "identity_CelebA.txt"
BOXES = ("celeba_crop_bbox.txt", "list_bbox_celeba.txt")

Box = tuple[int, int, int, int]


class Face(NamedTuple):
    """A picture, what is known of it (its family is the person), and its crop: left, top, width, height."""

    image: Path
    entry: Entry
    box: Box | None


class CelebA(NamedTuple):
    """Faces in order of their names, and what is wrong with those that are left out."""

    root: Path
    faces: tuple[Face, ...]
    problems: tuple[Problem, ...]


def read_celeba(root: str | PathLike[str]) -> CelebA:
    """List the pictures of the table of partitions; none is opened.

    Pictures of `img_celeba` have crop boxes where a table has them. Those that are missing are left out and named.

    Raises:
        BadInput: no folder of pictures, a missing or malformed table, or no picture.
    """
    root = Path(root)
    folder = next((root / name for name in (CELEBA_WILD, CELEBA_ALIGNED) if (root / name).is_dir()), None)
    if folder is None:
        raise BadInput(root, f"has neither {CELEBA_WILD} nor {CELEBA_ALIGNED}")
    parts = _read_table(root / CELEBA_TABLE, 1)
    people = _read_table(root / IDENTITY, 1) if (root / IDENTITY).is_file() else {}
    boxes = _read_boxes(root) if folder.name == CELEBA_WILD else {}
    with as_bad_input(folder, OSError):
        there = set(os.listdir(folder))
    missing = [Problem(str(folder / name), "the picture is missing") for name in parts if name not in there]
    faces = [
        Face(folder / name, _entry(root, name, part, people.get(name)), boxes.get(name))
        for name, (part,) in sorted(parts.items())
        if name in there
    ]
    if not faces:
        raise BadInput(folder, f"has none of the {len(parts)} pictures of {CELEBA_TABLE}")
    return CelebA(root, tuple(faces), tuple(missing))


def _entry(root: Path, name: str, part: int, person: tuple[int, ...] | None) -> Entry:
    if not 0 <= part < len(SPLITS):
        raise BadInput(root / CELEBA_TABLE, f"{name} has partition {part}, which is none of 0, 1, 2")
    return Entry(name, "face", SPLITS[part], family=str(person[0]) if person else "", source="CelebA")


def _read_boxes(root: Path) -> dict[str, Box]:
    path = next((root / name for name in BOXES if (root / name).is_file()), None)
    if path is None:
        return {}
    boxes = {}
    for name, (left, top, width, height) in _read_table(path, 4, heading=2).items():
        if width <= 0 or height <= 0 or width * height > LARGEST_PIXELS:
            raise BadInput(path, f"the box of {name} is {width} x {height} pixels")
        boxes[name] = (left, top, width, height)
    return boxes


def _read_table(path: Path, columns: int, heading: int = 0) -> dict[str, tuple[int, ...]]:
    """Whole numbers by name; as many as `heading` first lines may be something else."""
    data = read_file(path)
    rows = {}
    with as_bad_input(path, ParseError, ValueError):
        for number, line in enumerate(data.decode().splitlines(), 1):
            words = line.split()
            try:
                name, *values = words
                row = tuple(int(value) for value in values)
            except ValueError:
                row = ()
            if len(row) == columns:
                rows[name] = row
            elif words and number > heading:
                raise ParseError(f"not a name and {columns} whole numbers", f"line {number}")
    return rows


def cropped(face: Face, size: int = 128) -> np.ndarray:
    """The face as Unsup3D cuts it out: its box, with the border's pixels repeated beyond it, scaled to a square.

    Args:
        face: without a box the whole picture is scaled.
        size: pixels a side.

    Returns:
        (size, size, 3) float32 in [0, 1].

    Raises:
        BadInput: the picture is gone or broken, or its box lies outside of it.
    """
    with as_bad_input(face.image, ParseError):
        array = decode_image(read_file(face.image))
    array = np.repeat(array[..., :1], 3, axis=2) if array.shape[2] == 1 else array[..., :3]
    if face.box is not None:
        array = _cut(array, face.box, face.image)
    return cv2.resize(np.ascontiguousarray(array), (size, size), interpolation=cv2.INTER_AREA)


def _cut(array: np.ndarray, box: Box, path: Path) -> np.ndarray:
    left, top, width, height = box
    rows, columns = array.shape[:2]
    if left >= columns or top >= rows or left + width <= 0 or top + height <= 0:
        raise BadInput(path, f"its crop box {box} lies outside the picture of {columns} x {rows}")
    cut: np.ndarray = array[np.arange(top, top + height).clip(0, rows - 1)][
        :, np.arange(left, left + width).clip(0, columns - 1)
    ]
    return cut
