"""`cameras.json`: the pictures of one scene with calibrated cameras.

`world_to_camera` is a 4x4 matrix for column vectors, row-major, into the camera axes of the file's
convention:

    opencv      +X right, +Y down, +Z into the scene
    opengl      +X right, +Y up,   -Z into the scene
    pytorch3d   +X left,  +Y up,   +Z into the scene

so that with F = diag(1, 1, 1), diag(1, -1, -1), diag(-1, -1, 1) the OpenCV matrix is F times the stored one.
`K` is in pixels, x right and y down, with the centre of the first pixel at (`pixel_center`, `pixel_center`).
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float64
from torch import Tensor

from .atomic import replacing
from .errors import BadInput, ParseError, as_bad_input
from .images import image_size, read_file

_FLIPS = {"opencv": (1.0, 1.0, 1.0), "opengl": (1.0, -1.0, -1.0), "pytorch3d": (-1.0, -1.0, 1.0)}
_AXES = ("+X", "-X", "+Y", "-Y", "+Z", "-Z")
_ROTATION_TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class CameraView:
    """One picture and its camera in OpenCV's convention: x_pixel ~ K (R x_world + t).

    Attributes:
        image, mask: files, or None.
        width, height: of the picture, in pixels.
        K: focal lengths and principal point in pixels; the first pixel's centre is (0.5, 0.5).
        R, t: world to camera, for column vectors.
    """

    image: Path | None
    mask: Path | None
    width: int
    height: int
    K: Float64[Tensor, "3 3"]
    R: Float64[Tensor, "3 3"]
    t: Float64[Tensor, " 3"]


@dataclass(frozen=True, eq=False)
class CameraFile:
    """What a `cameras.json` says: its views, the axis that is up, and a box around the object where given."""

    views: tuple[CameraView, ...]
    bounds: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    up: str = "+Y"

    def __len__(self) -> int:
        return len(self.views)


def read_cameras(path: str | PathLike) -> CameraFile:
    """Read a `cameras.json`; pictures and masks are looked up beside it and their sizes compared.

    Raises:
        BadInput: anything missing, malformed or contradictory: no views, a matrix that is not a rotation, a
            skewed or impossible K, pictures or masks that are missing or of another size.
    """
    text = read_file(path)
    with as_bad_input(path, ValueError, RecursionError, say="not readable as JSON"):
        tree = json.loads(text)
    with as_bad_input(path, ParseError):
        _check_tree(tree)
        views = tuple(
            _view(entry, tree, Path(path).parent, f"view {i}") for i, entry in enumerate(tree["views"])
        )
        return CameraFile(views, _bounds(tree.get("bounds")), tree.get("up", "+Y"))


def _check_tree(tree: Any) -> None:
    if not isinstance(tree, dict) or tree.get("maquette_cameras") != 1:
        raise ParseError('not a camera file: "maquette_cameras": 1 is missing')
    if tree.get("convention") not in _FLIPS:
        raise ParseError(f'"convention" must be one of {", ".join(_FLIPS)}, got {tree.get("convention")!r}')
    if tree.get("pixel_center", 0.5) not in (0, 0.5):
        raise ParseError(f'"pixel_center" must be 0.5 or 0, got {tree["pixel_center"]!r}')
    if tree.get("up", "+Y") not in _AXES:
        raise ParseError(f'"up" must be one of {", ".join(_AXES)}, got {tree["up"]!r}')
    if not isinstance(tree.get("views"), list) or not tree["views"]:
        raise ParseError('"views" is missing or empty')


def _view(entry: Any, tree: dict, folder: Path, where: str) -> CameraView:
    if not isinstance(entry, dict):
        raise ParseError("not an object", where)
    width, height = (_count(entry, name, where) for name in ("width", "height"))
    shift = 0.5 - tree.get("pixel_center", 0.5)
    K = _calibration(_matrix(entry, "K", 3, where), where)
    K[:2, 2] += shift
    matrix = _matrix(entry, "world_to_camera", 4, where)
    flip = torch.tensor(_FLIPS[tree["convention"]], dtype=torch.float64)
    R, t = flip[:, None] * matrix[:3, :3], flip * matrix[:3, 3]
    _check_rigid(matrix, where)
    image, mask = (_file(entry, name, folder, (width, height), where) for name in ("image", "mask"))
    return CameraView(image, mask, width, height, K, R, t)


def _count(entry: dict, name: str, where: str) -> int:
    value = entry.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ParseError(f'"{name}" must be a positive whole number, got {value!r}', where)
    return value


def _matrix(entry: dict, name: str, size: int, where: str) -> Tensor:
    rows = entry.get(name)
    try:
        matrix = torch.tensor(rows, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        matrix = torch.empty(0)
    if matrix.shape != (size, size) or not bool(matrix.isfinite().all()):
        raise ParseError(f'"{name}" must be {size} rows of {size} finite numbers', where)
    return matrix


def _calibration(K: Tensor, where: str) -> Tensor:
    if not (K[0, 0] > 0 and K[1, 1] > 0):
        raise ParseError('"K" must have positive focal lengths', where)
    if K[2].tolist() != [0, 0, 1] or K[1, 0] != 0:
        raise ParseError('"K" must be upper triangular with last row 0 0 1', where)
    if abs(K[0, 1]) > 1e-6 * K[0, 0]:
        raise ParseError('"K" has skew, which is not supported', where)
    return K


def _check_rigid(matrix: Tensor, where: str) -> None:
    R = matrix[:3, :3]
    if (R @ R.T - torch.eye(3, dtype=R.dtype)).abs().max() > _ROTATION_TOLERANCE or torch.det(R) < 0:
        raise ParseError('"world_to_camera" does not hold a rotation', where)
    if matrix[3].tolist() != [0, 0, 0, 1]:
        raise ParseError('the last row of "world_to_camera" must be 0 0 0 1', where)


def _file(entry: dict, name: str, folder: Path, size: tuple[int, int], where: str) -> Path | None:
    value = entry.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise ParseError(f'"{name}" must be a file name or null', where)
    path = folder / value
    found = image_size(path)
    if found != size:
        raise BadInput(path, f"is {found[0]} x {found[1]} pixels, but its view says {size[0]} x {size[1]}")
    return path


def _bounds(value: Any) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    if value is None:
        return None
    try:
        box = torch.tensor(value, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        box = torch.empty(0)
    if box.shape != (2, 3) or not bool(box.isfinite().all()) or not bool((box[0] < box[1]).all()):
        raise ParseError('"bounds" must be [[lowest corner], [highest corner]] or null')
    return tuple(box[0].tolist()), tuple(box[1].tolist())


def write_cameras(cameras: CameraFile, path: str | PathLike, convention: str = "opencv") -> None:
    """Write a `cameras.json`; file names are stored relative to its folder.

    Args:
        cameras: what to write.
        path: the file to write or replace, whole or not at all.
        convention: of the stored matrices: "opencv", "opengl" or "pytorch3d".

    Raises:
        ValueError: another convention.
        BadInput: a place that cannot be written to.
    """
    if convention not in _FLIPS:
        raise ValueError(f"convention must be one of {', '.join(_FLIPS)}, got {convention!r}")
    folder = Path(path).resolve().parent
    tree = {
        "maquette_cameras": 1,
        "convention": convention,
        "pixel_center": 0.5,
        "up": cameras.up,
        "views": [_entry(view, folder, _FLIPS[convention]) for view in cameras.views],
        "bounds": None if cameras.bounds is None else [list(corner) for corner in cameras.bounds],
    }
    text = json.dumps(tree, indent=1, allow_nan=False) + "\n"
    with as_bad_input(path, OSError, say="cannot be written"), replacing(path, "w") as file:
        file.write(text)


def _entry(view: CameraView, folder: Path, flip: Iterable[float]) -> dict[str, Any]:
    def name(file: Path | None) -> str | None:
        return None if file is None else Path(os.path.relpath(file.resolve(), folder)).as_posix()

    rows = [
        [sign * x for x in [*R_row, t]]
        for sign, R_row, t in zip(flip, view.R.tolist(), view.t.tolist(), strict=True)
    ]
    return {
        "image": name(view.image),
        "mask": name(view.mask),
        "width": view.width,
        "height": view.height,
        "K": view.K.tolist(),
        "world_to_camera": [*rows, [0.0, 0.0, 0.0, 1.0]],
    }
