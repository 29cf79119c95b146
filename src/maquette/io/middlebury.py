"""`*_par.txt` of Middlebury's multi-view data sets: a count, then a line `name K R t` for every picture.

K, R (rows) and t of the projection K [R t] with OpenCV's axes; the centre of the first pixel is at (0, 0). Which way
is up is not stored; it is guessed from the cameras.
"""

from os import PathLike
from pathlib import Path

import numpy as np

from .camera_up import guessed_up
from .cameras_parse import CamerasData, ViewData, check_calibration, check_rigid
from .errors import ParseError, as_bad_input
from .files import read_file
from .image_files import image_size
from .plain_text import decoded, without_mark
from .references import References

_NUMBERS = 21


def parse_middlebury(path: str | PathLike[str], root: str | PathLike[str] | None = None) -> CamerasData:
    """Read and check a file.

    Args:
        path: the file; pictures are looked up beside it.
        root: a folder that names of pictures may lead into besides the file's own.

    Raises:
        BadInput: missing, malformed, not as many lines as it says, a matrix that is not a rotation, or a picture that
            is missing.
    """
    with as_bad_input(path, ParseError):
        lines = list(enumerate(decoded(without_mark(read_file(path))).splitlines(), 1))
        rows = [(i, line.split()) for i, line in lines if line.strip()]
        _check_count(rows)
        files = References(Path(path).parent, root)
        views = tuple(_view(words, files, f"line {i}") for i, words in rows[1:])
    return CamerasData(views, None, guessed_up(views))


def _check_count(rows: list[tuple[int, list[str]]]) -> None:
    place, words = rows[0] if rows else (1, [])
    if len(words) != 1 or not words[0].isdecimal():
        raise ParseError("must be the number of pictures", f"line {place}")
    if int(words[0][:18]) != len(rows) - 1 or len(rows) == 1:
        raise ParseError(f"says {words[0]} pictures, but {len(rows) - 1} lines follow", f"line {place}")


def _view(words: list[str], files: References, place: str) -> ViewData:
    if len(words) != _NUMBERS + 1:
        raise ParseError(f"must hold a name and {_NUMBERS} numbers, got {len(words) - 1}", place)
    try:
        values = np.array(words[1:], np.float64)
    except ValueError:
        raise ParseError("holds a word that is no number", place) from None
    if not np.isfinite(values).all():
        raise ParseError("holds a number that is not finite", place)
    K, pose = values[:9].reshape(3, 3), np.eye(4)
    check_calibration(K, place)
    K[:2, 2] += 0.5
    pose[:3, :3], pose[:3, 3] = values[9:18].reshape(3, 3), values[18:]
    check_rigid(pose, place)
    image = files.find(words[0], moved=False) or files.folder / words[0]
    return ViewData(image, None, *image_size(image), K, pose[:3, :3], pose[:3, 3])
