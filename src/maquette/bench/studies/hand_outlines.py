"""Outlines of objects in pictures, drawn by hand, and the pictures that they belong to."""

import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ...io.errors import BadInput, ParseError, as_bad_input
from ...io.files import need_file, read_file
from ...io.image_files import decode_image

_DIGITS = 16  # of a checksum

Polygon = tuple[int, ...]


@dataclass(frozen=True)
class Outline:
    """The object in one picture.

    Attributes:
        file: the picture, or the archive that has it.
        sha256: first 16 digits of the checksum of the picture's bytes.
        group: kind of picture.
        size: width and height in pixels.
        outer: polygons around the object: x and y of each corner, in pixels from the picture's upper left corner.
        holes: polygons that are no part of it.
        member: name of the picture in the archive.
    """

    file: str
    sha256: str
    group: str
    size: tuple[int, int]
    outer: tuple[Polygon, ...]
    holes: tuple[Polygon, ...] = ()
    member: str = ""

    def __post_init__(self) -> None:
        if any(len(polygon) < 6 or len(polygon) % 2 for polygon in (*self.outer, *self.holes)):
            raise ValueError("a polygon needs x and y of three corners or more")

    def mask(self) -> Bool[Tensor, "1 height width"]:
        """The pixels whose centres lie in an outer polygon and in no hole."""
        solid = np.zeros(self.size[::-1], bool)
        for polygon in self.outer:
            solid |= polygon_pixels(polygon, self.size)
        for polygon in self.holes:
            solid &= ~polygon_pixels(polygon, self.size)
        return torch.from_numpy(solid)[None]


@dataclass(frozen=True)
class Outlines:
    """A file of outlines, for `io.json_file.read_json`."""

    pictures: tuple[Outline, ...]


def polygon_pixels(corners: Sequence[int], size: tuple[int, int]) -> Bool[np.ndarray, "height width"]:
    """The pixels whose centres lie in a polygon: a ray to their right crosses its sides an odd number of times.

    Args:
        corners: x and y of each, in pixels from the picture's upper left corner.
        size: width and height of the picture in pixels.
    """
    x, y = (np.arange(side) + 0.5 for side in size)
    inside = np.zeros(size[::-1], bool)
    ends = np.reshape(corners, (-1, 2))
    for (x0, y0), (x1, y1) in zip(ends, np.roll(ends, -1, axis=0), strict=True):
        crossed = (y0 <= y) != (y1 <= y)
        if crossed.any():
            inside[crossed] ^= x < (x0 + (y[crossed] - y0) * (x1 - x0) / (y1 - y0))[:, None]
    return inside


def outlined_pictures(
    folder: Path, outlines: Iterable[Outline]
) -> Iterator[tuple[Outline, Float[Tensor, "3 height width"]]]:
    """Outlines with their pictures, RGB in [0, 1].

    Raises:
        BadInput: a picture that is missing, broken, or not the one that was outlined.
    """
    for name, together in groupby(outlines, key=lambda outline: outline.file):
        chosen, path = list(together), folder / name
        for outline, content in zip(chosen, _contents(path, [one.member for one in chosen]), strict=True):
            if sha256(content).hexdigest()[:_DIGITS] != outline.sha256:
                raise BadInput(path, "is not the picture that was outlined", outline.member)
            with as_bad_input(path, ParseError):
                array = decode_image(content)
            yield outline, torch.from_numpy(array).permute(2, 0, 1)[:3].expand(3, -1, -1)


def _contents(path: Path, members: Sequence[str]) -> list[bytes]:
    if not any(members):
        return [read_file(path)] * len(members)
    need_file(path)
    with as_bad_input(path, tarfile.TarError, OSError, KeyError), tarfile.open(path) as archive:
        files = [archive.extractfile(member) for member in members]
        return [b"" if file is None else file.read() for file in files]
