"""Reading `transforms.json` of NeRF, instant-ngp and nerfstudio, without torch.

Matrices lead from the camera to the world, with OpenGL's axes. Focal lengths are in pixels (`fl_x`, `fl_y`), or said
by angles of view in radians (`camera_angle_x`, `camera_angle_y`); the first pixel's centre is at (0.5, 0.5), the
principal point the picture's middle where it is not given. Numbers of a frame go before those of the file. The world
has Z up, or the axis that `up` is nearest to.
"""

import math
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from .cameras_parse import (
    FLIPS,
    CamerasData,
    ViewData,
    check_calibration,
    check_rigid,
    check_side,
    check_stored,
)
from .errors import ParseError, as_bad_input
from .image_files import image_size
from .json_file import read_json
from .lens import Lens, lens_of
from .references import References
from .typed import typed

_ENDINGS = ("", ".png", ".jpg", ".jpeg")
_PERSPECTIVE = ("SIMPLE_PINHOLE", "PINHOLE", "SIMPLE_RADIAL", "RADIAL", "OPENCV")
AXES = {
    "+X": (1, 0, 0),
    "-X": (-1, 0, 0),
    "+Y": (0, 1, 0),
    "-Y": (0, -1, 0),
    "+Z": (0, 0, 1),
    "-Z": (0, 0, -1),
}
_NEAR = 0.9  # least cosine of the angle between up and its axis: 26 degrees
_Row = tuple[float, float, float, float]


@dataclass(frozen=True)
class _Optics:
    """What a frame has of its own, or all frames have together."""

    camera_model: str | None = None
    is_fisheye: bool | None = None
    w: float | None = None
    h: float | None = None
    fl_x: float | None = None
    fl_y: float | None = None
    cx: float | None = None
    cy: float | None = None
    camera_angle_x: float | None = None
    camera_angle_y: float | None = None
    k1: float | None = None
    k2: float | None = None
    k3: float | None = None
    k4: float | None = None
    p1: float | None = None
    p2: float | None = None


@dataclass(frozen=True)
class _Up:
    up: tuple[float, float, float]


@dataclass(frozen=True)
class _Names:
    """The rest of a frame."""

    file_path: str
    transform_matrix: tuple[_Row, ...]
    mask_path: str | None = None


def parse_transforms(path: str | PathLike[str], root: str | PathLike[str] | None = None) -> CamerasData:
    """Read and check a file.

    Args:
        path: the file; pictures are looked up beside it, with `.png` or `.jpg` where a name has no ending.
        root: a folder that names of pictures may lead into besides the file's own.

    Raises:
        BadInput: missing, malformed, without frames, a camera model that is not known, no focal length, a matrix that
            is not a rotation, or a picture that is missing, of another size or turned by EXIF.
    """
    content = read_json(path, dict)
    with as_bad_input(path, ValueError):
        frames = content.get("frames")
        if not isinstance(frames, list) or not frames:
            raise ParseError("must be a list of frames, not empty", "frames")
        optics, files = typed(_Optics, content, more=True), References(Path(path).parent, root)
        views = tuple(_view(frame, optics, files, f"frames[{i}]") for i, frame in enumerate(frames))
        return CamerasData(views, None, _up(content.get("up")))


def _up(direction: Any) -> str:
    """The axis that `up` is nearest to, "+Z" where the file does not say it."""
    if direction is None:
        return "+Z"
    up = np.array(typed(_Up, {"up": direction}).up, np.float64)
    name, axis = max(AXES.items(), key=lambda item: float(up @ item[1]))
    if not up @ axis > _NEAR * math.hypot(*up):
        raise ParseError(f"{direction} is not near an axis; turn the world so that one is up", "up")
    return name


def _view(frame: Any, shared: _Optics, files: References, where: str) -> ViewData:
    names, own = typed(_Names, frame, where, more=True), typed(_Optics, frame, where, more=True)
    optics = _Optics(
        **{
            field.name: getattr(shared, field.name) if value is None else value
            for field in fields(_Optics)
            for value in (getattr(own, field.name),)
        }
    )
    image, size = _picture(names.file_path, optics, files, where)
    mask = None if names.mask_path is None else _find(names.mask_path, files)
    if mask is not None:
        check_stored(mask, size)
    K = _calibration(optics, size, where)
    to_world = np.eye(4)
    if len(names.transform_matrix) not in (3, 4):
        raise ParseError("must have 3 or 4 rows", f"{where}.transform_matrix")
    to_world[: len(names.transform_matrix)] = names.transform_matrix
    check_rigid(to_world, f"{where}.transform_matrix")
    R = np.array(FLIPS["opengl"])[:, None] * to_world[:3, :3].T
    return ViewData(image, mask, *size, K, R, -R @ to_world[:3, 3], _lens(optics, where))


def _find(name: str, files: References) -> Path:
    found = (files.find(name + ending, moved=False) for ending in _ENDINGS)
    return next((path for path in found if path is not None), files.folder / name)


def _picture(name: str, optics: _Optics, files: References, where: str) -> tuple[Path, tuple[int, int]]:
    if not name:
        raise ParseError("must be a file name", f"{where}.file_path")
    path = _find(name, files)
    if optics.w is None or optics.h is None:
        size = image_size(path)
        check_stored(path, size)
        return path, size
    for key, side in (("w", optics.w), ("h", optics.h)):
        check_side(side, f"{where}.{key}")
        if side != int(side):
            raise ParseError(f"must be a whole number, got {side:g}", f"{where}.{key}")
    size = int(optics.w), int(optics.h)
    check_stored(path, size)
    return path, size


def _calibration(optics: _Optics, size: tuple[int, int], where: str) -> np.ndarray:
    focal_x = _focal(optics.fl_x, optics.camera_angle_x, size[0], where)
    focal_y = _focal(optics.fl_y, optics.camera_angle_y, size[1], where)
    if focal_x is None and focal_y is None:
        raise ParseError("has no focal length: fl_x or camera_angle_x is needed", where)
    x, y = focal_x or focal_y, focal_y or focal_x
    cx, cy = (
        side / 2 if given is None else given for side, given in zip(size, (optics.cx, optics.cy), strict=True)
    )
    K = np.array([[x, 0, cx], [0, y, cy], [0, 0, 1]], np.float64)
    check_calibration(K, where)
    return K


def _focal(pixels: float | None, angle: float | None, side: int, where: str) -> float | None:
    if pixels is not None:
        return pixels
    if angle is None:
        return None
    if not 0 < angle < math.pi:
        raise ParseError(f"an angle of view must lie between 0 and pi, got {angle:g}", where)
    return side / 2 / math.tan(angle / 2)


def _lens(optics: _Optics, where: str) -> Lens | None:
    k1, k2, k3, k4, p1, p2 = (getattr(optics, name) or 0.0 for name in ("k1", "k2", "k3", "k4", "p1", "p2"))
    model = optics.camera_model or ("OPENCV_FISHEYE" if optics.is_fisheye else "OPENCV")
    if model == "OPENCV_FISHEYE":
        return lens_of(model, (k1, k2, k3, k4))
    if model not in _PERSPECTIVE:
        known = ", ".join((*_PERSPECTIVE, "OPENCV_FISHEYE"))
        raise ParseError(f"{model} is no camera model that is known ({known})", f"{where}.camera_model")
    if k4:
        raise ParseError("goes with OPENCV_FISHEYE only", f"{where}.k4")
    return lens_of("FULL_OPENCV", (k1, k2, p1, p2, k3, 0.0, 0.0, 0.0))
