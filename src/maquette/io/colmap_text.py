"""COLMAP's text files: `cameras.txt`, `images.txt`, `points3D.txt`."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from .colmap_model import MODELS, ColmapCamera, ColmapImage, SparsePoints, need_model, unique
from .errors import ParseError
from .plain_text import decoded, without_mark

_COUNT = re.compile(r"#\s*Number of (cameras|images|points):\s*(\d{1,18})", re.IGNORECASE)
_LARGEST = 2**63


def parse_cameras_text(data: bytes) -> dict[int, ColmapCamera]:
    """Cameras by number.

    Raises:
        ParseError: a malformed line, an unknown model, the same number twice, or not as many as the file says.
    """
    lines = _lines(data)
    cameras = unique(_camera(line.split(), f"line {i}") for i, line in lines if _holds(line))
    _check_count(lines, len(cameras))
    return cameras


def parse_images_text(data: bytes) -> tuple[ColmapImage, ...]:
    """Pictures with their poses, two lines each; the second, of points in the picture, may be empty.

    Raises:
        ParseError: a malformed line, or not as many pictures as the file says.
    """
    lines = _lines(data)
    images = tuple(_images(iter(lines)))
    _check_count(lines, len(images))
    return images


def parse_points_text(data: bytes) -> SparsePoints:
    """The points.

    Raises:
        ParseError: a malformed line, or not as many points as the file says.
    """
    lines = _lines(data)
    rows = [_point(line.split(maxsplit=8), f"line {i}") for i, line in lines if _holds(line)]
    _check_count(lines, len(rows))
    table = np.array(rows, np.float64).reshape(-1, 6)
    return SparsePoints(table[:, :3].copy(), table[:, 3:].astype(np.uint8))


def cameras_text(cameras: Sequence[ColmapCamera]) -> str:
    """The content of `cameras.txt`; numbers count from 1."""
    lines = [
        f"{i} {camera.model} {camera.width} {camera.height} {_row(camera.params)}"
        for i, camera in enumerate(cameras, 1)
    ]
    head = [
        "# Camera list with one line of data per camera:",
        "#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]",
    ]
    return "\n".join([*head, f"# Number of cameras: {len(cameras)}", *lines, ""])


def images_text(images: Sequence[ColmapImage]) -> str:
    """The content of `images.txt`, without points in the pictures; numbers count from 1."""
    lines = [
        f"{i} {_row((*image.rotation, *image.translation))} {image.camera} {image.name}\n"
        for i, image in enumerate(images, 1)
    ]
    head = [
        "# Image list with two lines of data per image:",
        "#   IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME",
        "#   POINTS2D[] as (X, Y, POINT3D_ID)",
    ]
    return "\n".join([*head, f"# Number of images: {len(images)}", *lines, ""])


def points_text(points: SparsePoints) -> str:
    """The content of `points3D.txt`, without tracks; numbers count from 1."""
    rows = zip(points.xyz.tolist(), points.rgb.tolist(), strict=True)
    lines = [f"{i} {_row(xyz)} {rgb[0]} {rgb[1]} {rgb[2]} 0" for i, (xyz, rgb) in enumerate(rows, 1)]
    head = [
        "# 3D point list with one line of data per point:",
        "#   POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)",
    ]
    return "\n".join([*head, f"# Number of points: {len(points)}", *lines, ""])


def _row(numbers: Iterable[float]) -> str:
    return " ".join(f"{number:.17g}" for number in numbers)


def _lines(data: bytes) -> list[tuple[int, str]]:
    return list(enumerate(decoded(without_mark(data)).splitlines(), 1))


def _holds(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _check_count(lines: Iterable[tuple[int, str]], found: int) -> None:
    for i, line in lines:
        said = _COUNT.match(line) if line.startswith("#") else None
        if said and int(said[2]) != found:
            raise ParseError(f"says {said[2]} {said[1]}, but {found} are there", f"line {i}")


def _camera(words: list[str], place: str) -> tuple[int, ColmapCamera]:
    if len(words) < 4:
        raise ParseError("must hold CAMERA_ID MODEL WIDTH HEIGHT PARAMS", place)
    model, wanted = need_model(words[1], place), MODELS[words[1]][2]
    if len(words) - 4 != wanted:
        raise ParseError(f"{model} has {wanted} parameters, got {len(words) - 4}", place)
    number, width, height = (_whole(word, place) for word in (words[0], *words[2:4]))
    return number, ColmapCamera(model, width, height, tuple(_number(word, place) for word in words[4:]))


def _images(lines: Iterator[tuple[int, str]]) -> Iterator[ColmapImage]:
    for i, line in lines:
        if not _holds(line):
            continue
        words = line.split(maxsplit=9)
        if len(words) < 10:
            raise ParseError("must hold IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME", f"line {i}")
        pose = tuple(_number(word, f"line {i}") for word in words[1:8])
        yield ColmapImage(words[9].rstrip(), _whole(words[8], f"line {i}"), pose[:4], pose[4:])
        j, points = next(lines, (i, ""))
        if len(points.split()) % 3:
            raise ParseError("must hold X Y POINT3D_ID of every point in the picture", f"line {j}")


def _point(words: list[str], place: str) -> list[float]:
    if len(words) < 8:
        raise ParseError("must hold POINT3D_ID X Y Z R G B ERROR TRACK", place)
    colour = [_whole(word, place) for word in words[4:7]]
    if not all(0 <= level <= 255 for level in colour):
        raise ParseError("its colour must lie in 0..255", place)
    return [*(_number(word, place) for word in words[1:4]), *colour]


def _number(word: str, place: str) -> float:
    try:
        number = float(word)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ParseError(f"{word} is no finite number", place)
    return number


def _whole(word: str, place: str) -> int:
    number = _number(word, place)
    if number != int(number) or abs(number) >= _LARGEST:
        raise ParseError(f"{word} is no whole number", place)
    return int(number)
