"""Reading `cameras.json` into plain arrays, strictly. Does without torch; `cameras_json` tells of the format."""

import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from .errors import BadInput, ParseError, as_bad_input
from .files import read_file
from .image_files import image_size
from .references import References

FLIPS = {"opencv": (1.0, 1.0, 1.0), "opengl": (1.0, -1.0, -1.0), "pytorch3d": (-1.0, -1.0, 1.0)}
_AXES = ("+X", "-X", "+Y", "-Y", "+Z", "-Z")
_ROTATION_TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class ViewData:
    """One picture and its camera; K, R (3, 3) and t (3,) in float64, otherwise as `CameraView`."""

    image: Path | None
    mask: Path | None
    width: int
    height: int
    K: np.ndarray
    R: np.ndarray
    t: np.ndarray


@dataclass(frozen=True, eq=False)
class CamerasData:
    """What the file says, as `CameraFile`."""

    views: tuple[ViewData, ...]
    bounds: tuple[tuple[float, ...], tuple[float, ...]] | None
    up: str


def parse_cameras(path: str | PathLike[str], root: str | PathLike[str] | None = None) -> CamerasData:
    """Read and check a file as `read_cameras` does.

    Raises:
        BadInput: as `read_cameras`.
    """
    text = read_file(path)
    with as_bad_input(path, ValueError, RecursionError, say="not readable as JSON"):
        tree = json.loads(text)
    with as_bad_input(path, ParseError):
        _check_tree(tree)
        files = References(Path(path).parent, root)
        views = tuple(_view(entry, tree, files, f"view {i}") for i, entry in enumerate(tree["views"]))
        return CamerasData(views, _bounds(tree.get("bounds")), tree.get("up", "+Y"))


def _check_tree(tree: Any) -> None:
    if not isinstance(tree, dict) or tree.get("maquette_cameras") != 1:
        raise ParseError('not a camera file: "maquette_cameras": 1 is missing')
    if tree.get("convention") not in FLIPS:
        raise ParseError(f'"convention" must be one of {", ".join(FLIPS)}, got {tree.get("convention")!r}')
    if tree.get("pixel_center", 0.5) not in (0, 0.5):
        raise ParseError(f'"pixel_center" must be 0.5 or 0, got {tree["pixel_center"]!r}')
    if tree.get("up", "+Y") not in _AXES:
        raise ParseError(f'"up" must be one of {", ".join(_AXES)}, got {tree["up"]!r}')
    if not isinstance(tree.get("views"), list) or not tree["views"]:
        raise ParseError('"views" is missing or empty')


def _view(entry: Any, tree: dict[str, Any], files: References, where: str) -> ViewData:
    if not isinstance(entry, dict):
        raise ParseError("not an object", where)
    width, height = (_count(entry, name, where) for name in ("width", "height"))
    shift = 0.5 - tree.get("pixel_center", 0.5)
    K = _calibration(_matrix(entry, "K", 3, where), where)
    K[:2, 2] += shift
    matrix = _matrix(entry, "world_to_camera", 4, where)
    flip = np.array(FLIPS[tree["convention"]])
    R, t = flip[:, None] * matrix[:3, :3], flip * matrix[:3, 3]
    _check_rigid(matrix, where)
    image, mask = (_file(entry, name, files, (width, height), where) for name in ("image", "mask"))
    return ViewData(image, mask, width, height, K, R, t)


def _count(entry: dict[str, Any], name: str, where: str) -> int:
    value = entry.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ParseError(f'"{name}" must be a positive whole number, got {value!r}', where)
    return value


def _matrix(entry: dict[str, Any], name: str, size: int, where: str) -> np.ndarray:
    matrix = _finite(entry.get(name), (size, size))
    if matrix is None:
        raise ParseError(f'"{name}" must be {size} rows of {size} finite numbers', where)
    return matrix


def _finite(rows: Any, shape: tuple[int, ...]) -> np.ndarray | None:
    """An array of this shape, or None where it is something else, or not all of it is a finite number."""
    try:
        array = np.array(rows, np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    return array if array.shape == shape and np.isfinite(array).all() else None


def _calibration(K: np.ndarray, where: str) -> np.ndarray:
    if not (K[0, 0] > 0 and K[1, 1] > 0):
        raise ParseError('"K" must have positive focal lengths', where)
    if K[2].tolist() != [0, 0, 1] or K[1, 0] != 0:
        raise ParseError('"K" must be upper triangular with last row 0 0 1', where)
    if abs(K[0, 1]) > 1e-6 * K[0, 0]:
        raise ParseError('"K" has skew, which is not supported', where)
    return K


def _check_rigid(matrix: np.ndarray, where: str) -> None:
    R = matrix[:3, :3]
    if np.abs(R @ R.T - np.eye(3)).max() > _ROTATION_TOLERANCE or np.linalg.det(R) < 0:
        raise ParseError('"world_to_camera" does not hold a rotation', where)
    if matrix[3].tolist() != [0, 0, 0, 1]:
        raise ParseError('the last row of "world_to_camera" must be 0 0 0 1', where)


def _file(
    entry: dict[str, Any], name: str, files: References, size: tuple[int, int], where: str
) -> Path | None:
    value = entry.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise ParseError(f'"{name}" must be a file name or null', where)
    path = files.find(value, moved=False) or files.folder / value
    found = image_size(path)
    if found != size:
        raise BadInput(path, f"is {found[0]} x {found[1]} pixels, but its view says {size[0]} x {size[1]}")
    return path


def _bounds(value: Any) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    if value is None:
        return None
    box = _finite(value, (2, 3))
    if box is None or not (box[0] < box[1]).all():
        raise ParseError('"bounds" must be [[lowest corner], [highest corner]] or null')
    return tuple(box[0].tolist()), tuple(box[1].tolist())
