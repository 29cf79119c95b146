"""Reading `cameras.json` into plain arrays, strictly. Does without torch; `cameras_json` tells of the format."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np

from .errors import BadInput, ParseError, as_bad_input
from .image_files import image_orientation, image_size
from .json_file import read_json
from .lens import Lens
from .references import References
from .typed import typed

FLIPS = {"opencv": (1.0, 1.0, 1.0), "opengl": (1.0, -1.0, -1.0), "pytorch3d": (-1.0, -1.0, 1.0)}
_ROTATION_TOLERANCE = 1e-4
_FARTHEST, _MOST_PIXELS = 1e15, 1e7  # float32 holds squares of the one, and whole numbers as far as the other
_Vector = tuple[float, float, float]
_Row = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class ViewData:
    """One picture and its camera; K, R (3, 3) and t (3,) in float64, otherwise as `CameraView`.

    `lens` says how the picture as it is on disk differs from what K sees; None where it does not.
    """

    image: Path | None
    mask: Path | None
    width: int
    height: int
    K: np.ndarray
    R: np.ndarray
    t: np.ndarray
    lens: Lens | None = None


@dataclass(frozen=True, eq=False)
class CamerasData:
    """What the file says, as `CameraFile`."""

    views: tuple[ViewData, ...]
    bounds: tuple[tuple[float, ...], tuple[float, ...]] | None
    up: str


@dataclass(frozen=True)
class _View:
    """A view as it stands in the file."""

    width: int
    height: int
    K: tuple[_Vector, _Vector, _Vector]
    world_to_camera: tuple[_Row, _Row, _Row, _Row]
    image: str | None = None
    mask: str | None = None


@dataclass(frozen=True)
class _Cameras:
    """The file as it stands."""

    convention: Literal["opencv", "opengl", "pytorch3d"]
    views: tuple[_View, ...]
    pixel_center: float = 0.5
    up: Literal["+X", "-X", "+Y", "-Y", "+Z", "-Z"] = "+Y"
    bounds: tuple[_Vector, _Vector] | None = None


def parse_cameras(path: str | PathLike[str], root: str | PathLike[str] | None = None) -> CamerasData:
    """Read and check a file as `read_cameras` does.

    Raises:
        BadInput: as `read_cameras`.
    """
    content = read_json(path, dict)
    with as_bad_input(path, ValueError):
        if content.get("maquette_cameras") != 1:
            raise ParseError('not a camera file: "maquette_cameras": 1 is missing')
        tree = typed(_Cameras, content, more=True)
        if tree.pixel_center not in (0, 0.5):
            raise ParseError(f"must be 0.5 or 0, got {tree.pixel_center:g}", "pixel_center")
        if not tree.views:
            raise ParseError("must not be empty", "views")
        files = References(Path(path).parent, root)
        views = tuple(_view(entry, tree, files, f"views[{i}]") for i, entry in enumerate(tree.views))
        return CamerasData(views, _bounds(tree.bounds), tree.up)


def _view(entry: _View, tree: _Cameras, files: References, where: str) -> ViewData:
    for name in ("width", "height"):
        check_side(getattr(entry, name), f"{where}.{name}")
    K = np.array(entry.K, np.float64)
    check_calibration(K, f"{where}.K")
    K[:2, 2] += 0.5 - tree.pixel_center
    matrix = np.array(entry.world_to_camera, np.float64)
    check_rigid(matrix, f"{where}.world_to_camera")
    flip = np.array(FLIPS[tree.convention])
    R, t = flip[:, None] * matrix[:3, :3], flip * matrix[:3, 3]
    size = entry.width, entry.height
    image, mask = (_file(getattr(entry, name), files, size, f"{where}.{name}") for name in ("image", "mask"))
    return ViewData(image, mask, *size, K, R, t)


def check_side(pixels: float, where: str) -> None:
    """Refuse a width or height that no picture has.

    Raises:
        ParseError: about the place `where`.
    """
    if not 0 < pixels <= _MOST_PIXELS:
        raise ParseError(f"must lie in [1, {_MOST_PIXELS:g}], got {pixels:g}", where)


def check_calibration(K: np.ndarray, where: str) -> None:
    """Refuse a (3, 3) matrix of focal lengths and principal point that is none.

    Raises:
        ParseError: about the place `where`.
    """
    if not (K[0, 0] > 0 and K[1, 1] > 0):
        raise ParseError("must have positive focal lengths", where)
    if K[2].tolist() != [0, 0, 1] or K[1, 0] != 0:
        raise ParseError("must be upper triangular with last row 0 0 1", where)
    if abs(K[0, 1]) > 1e-6 * K[0, 0]:
        raise ParseError("has skew, which is not supported", where)
    if np.abs(K).max() > _MOST_PIXELS:
        raise ParseError(f"has numbers beyond {_MOST_PIXELS:g} pixels", where)


def check_rigid(matrix: np.ndarray, where: str) -> None:
    """Refuse a (4, 4) matrix that is no rotation with a translation.

    Raises:
        ParseError: about the place `where`.
    """
    R, t = matrix[:3, :3], matrix[:3, 3]
    if np.abs(R).max() > 2 or np.abs(R @ R.T - np.eye(3)).max() > _ROTATION_TOLERANCE or np.linalg.det(R) < 0:
        raise ParseError("does not hold a rotation", where)
    if matrix[3].tolist() != [0, 0, 0, 1]:
        raise ParseError("must have the last row 0 0 0 1", where)
    if np.abs(t).max() > _FARTHEST:
        raise ParseError(f"is farther away than {_FARTHEST:g}", where)


def _file(name: str | None, files: References, size: tuple[int, int], where: str) -> Path | None:
    if name is None:
        return None
    if not name:
        raise ParseError("must be a file name or null", where)
    path = files.find(name, moved=False) or files.folder / name
    check_size(path, size)
    return path


def check_size(path: Path, size: tuple[int, int]) -> None:
    """Refuse a picture that is not of the (width, height) that its camera has.

    Raises:
        BadInput: about the picture, also where there is none.
    """
    found = image_size(path)
    if found != size:
        raise BadInput(path, f"is {found[0]} x {found[1]} pixels, but its view says {size[0]} x {size[1]}")


def check_stored(path: Path, size: tuple[int, int]) -> None:
    """As `check_size`, where the camera counts pixels as they are stored: readers here turn pictures as EXIF says.

    Raises:
        BadInput: also about a picture that is to be turned.
    """
    if (orientation := image_orientation(path)) != 1:
        reason = f"EXIF turns it (orientation {orientation}), but its camera counts pixels as they are stored"
        raise BadInput(path, f"{reason}; remove that entry of EXIF")
    check_size(path, size)


def _bounds(box: tuple[_Vector, _Vector] | None) -> tuple[_Vector, _Vector] | None:
    if box is not None:
        low, high = np.array(box, np.float32)
        if not (low < high).all() or np.abs(box).max() > _FARTHEST:
            raise ParseError(
                f"must be [lowest corner, highest corner] within {_FARTHEST:g}, or null", "bounds"
            )
    return box
