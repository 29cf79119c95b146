"""COLMAP's binary files: `cameras.bin`, `images.bin`, `points3D.bin`; little-endian.

Counts in them are believed only as far as the file reaches: nothing is allocated for what is not there.
"""

import struct
from collections.abc import Iterator

import numpy as np

from .colmap_model import MODELS, ColmapCamera, ColmapImage, SparsePoints, unique
from .errors import ParseError
from .plain_text import decoded

_NAMES = {number: name for name, (number, _, _) in MODELS.items()}
_OBSERVATION, _TRACK = 24, 8  # bytes of a point in a picture, and of a picture in a point's track


class _Cursor:
    """Bytes, and how far they have been read."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, form: str) -> tuple[float, ...]:
        """The numbers of a format of `struct`."""
        start = self.at
        self.skip(1, struct.calcsize("<" + form))
        values: tuple[float, ...] = struct.unpack_from("<" + form, self.data, start)
        if "d" in form and not np.isfinite(values).all():
            raise ParseError("holds a number that is not finite", f"byte {start}")
        return values

    def skip(self, count: int, size: int) -> None:
        """Go on by so many things of so many bytes."""
        if count * size > len(self.data) - self.at:
            raise ParseError("the file ends before what it announces", f"byte {self.at}")
        self.at += count * size

    def text(self) -> str:
        """Up to the next zero."""
        end = self.data.find(b"\0", self.at)
        if end < 0:
            raise ParseError("a name does not end", f"byte {self.at}")
        name, self.at = self.data[self.at : end], end + 1
        return decoded(name)

    def count(self, least: int) -> int:
        """A count of things of at least so many bytes each."""
        (count,) = self.take("Q")
        if int(count) * least > len(self.data) - self.at:
            place = f"byte {self.at - 8}"
            raise ParseError(f"announces {int(count)} entries, more than the file can hold", place)
        return int(count)

    def end(self) -> None:
        """Refuse what is left."""
        if self.at != len(self.data):
            raise ParseError(f"{len(self.data) - self.at} bytes follow the last entry", f"byte {self.at}")


def parse_cameras_binary(data: bytes) -> dict[int, ColmapCamera]:
    """Cameras by number.

    Raises:
        ParseError: cut, with too much, an unknown model, or the same number twice.
    """
    cursor = _Cursor(data)

    def one() -> tuple[int, ColmapCamera]:
        place = f"byte {cursor.at}"
        number, model, width, height = (int(value) for value in cursor.take("IiQQ"))
        if model not in _NAMES:
            raise ParseError(f"camera {number} has the model {model}, which is not known", place)
        name = _NAMES[model]
        return number, ColmapCamera(name, width, height, cursor.take(f"{MODELS[name][2]}d"))

    cameras = unique(one() for _ in range(cursor.count(48)))
    cursor.end()
    return cameras


def parse_images_binary(data: bytes) -> tuple[ColmapImage, ...]:
    """Pictures with their poses.

    Raises:
        ParseError: cut, or with too much.
    """
    return tuple(_images(_Cursor(data)))


def _images(cursor: _Cursor) -> Iterator[ColmapImage]:
    for _ in range(cursor.count(73)):
        cursor.take("I")
        pose = cursor.take("7d")
        (camera,) = cursor.take("I")
        name = cursor.text()
        cursor.skip(cursor.count(_OBSERVATION), _OBSERVATION)
        yield ColmapImage(name, int(camera), pose[:4], pose[4:])
    cursor.end()


def parse_points_binary(data: bytes) -> SparsePoints:
    """The points.

    Raises:
        ParseError: cut, or with too much.
    """
    cursor = _Cursor(data)
    count = cursor.count(51)
    xyz, rgb = np.empty((count, 3)), np.empty((count, 3), np.uint8)
    for i in range(count):
        cursor.take("Q")
        xyz[i], rgb[i] = cursor.take("3d"), cursor.take("3B")
        cursor.skip(1, 8)  # its error
        cursor.skip(cursor.count(_TRACK), _TRACK)
    cursor.end()
    return SparsePoints(xyz, rgb)
