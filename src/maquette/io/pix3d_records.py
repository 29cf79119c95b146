"""Records of `pix3d.json`, read strictly and without torch."""

from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from .errors import ParseError
from .json_file import read_json

PIX3D_TABLE = "pix3d.json"
_SENSOR = 32.0  # mm
_LARGEST = 1e9  # pixels, or units of the mesh


class Record(NamedTuple):
    """One picture of `pix3d.json`.

    Attributes:
        image: path below the data set's folder.
        mask: of the object.
        model: mesh file.
        voxel: file of its voxels; "" where the record names none.
        category: "chair", ...
        size: width and height in pixels.
        rotation: (3, 3) of the object's column vectors, assuming the camera at the origin.
        translation: (3,).
        focal: focal length in pixels.
        box: left, top, right, bottom in pixels.
        truncated: whether the picture ends before the object does.
        occluded: whether something is before it.
        slightly_occluded: whether something small is.
    """

    image: str
    mask: str
    model: str
    voxel: str
    category: str
    size: tuple[int, int]
    rotation: np.ndarray
    translation: np.ndarray
    focal: float
    box: tuple[float, float, float, float]
    truncated: bool
    occluded: bool
    slightly_occluded: bool

    @property
    def is_clear(self) -> bool:
        """Whether all of the object can be seen."""
        return not (self.truncated or self.occluded or self.slightly_occluded)


def read_records(root: Path, table: str = PIX3D_TABLE) -> tuple[list[Record], list[tuple[str, str]]]:
    """The pictures of a folder's table, and place and reason of those whose record cannot be used.

    Raises:
        BadInput: missing, not JSON, or not a list.
    """
    good, bad = [], []
    for number, row in enumerate(read_json(root / table, list)):
        try:
            good.append(_record(row))
        except (ParseError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            what = f"no field {error}" if isinstance(error, KeyError) else str(error)
            bad.append((f"picture {number}", what))
    return good, bad


def _record(row: Any) -> Record:
    if not isinstance(row, dict):
        raise ParseError("is no object with fields")
    width, height = (int(side) for side in row["img_size"])
    rotation, translation = _array(row, "rot_mat", (3, 3)), _array(row, "trans_mat", (3,))
    left, top, right, bottom = _array(row, "bbox", (4,)).tolist()
    focal = float(row["focal_length"]) * width / _SENSOR
    if not (width > 0 and height > 0 and 0 < focal < np.inf):
        raise ParseError("img_size and focal_length must be positive")
    if not (left < right and top < bottom):
        raise ParseError("bbox has no area")
    if not (left < width and top < height and right > 0 and bottom > 0):
        raise ParseError("bbox lies outside of the picture")
    if max(map(abs, (left, top, right, bottom, focal, *translation))) > _LARGEST:
        raise ParseError("bbox, focal_length and trans_mat must not be huge")
    if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-3) or np.linalg.det(rotation) < 0:
        raise ParseError("rot_mat is not a rotation")
    paths = [_path(row, name) for name in ("img", "mask", "model")]
    paths.append(_path(row, "voxel") if row.get("voxel") else "")
    flags = [bool(row[name]) for name in ("truncated", "occluded", "slightly_occluded")]
    return Record(
        paths[0],
        paths[1],
        paths[2],
        paths[3],
        str(row["category"]),
        (width, height),
        rotation,
        translation,
        focal,
        (left, top, right, bottom),
        flags[0],
        flags[1],
        flags[2],
    )


def _array(row: dict[str, Any], name: str, shape: tuple[int, ...]) -> np.ndarray:
    array = np.array(row[name], np.float64)
    if array.shape != shape or not np.isfinite(array).all():
        raise ParseError(f"{name} does not have shape {shape}, or is not finite")
    return array


def _path(row: dict[str, Any], name: str) -> str:
    if not isinstance(row[name], str):
        raise ParseError(f"{name} is no path")
    path = PurePosixPath(row[name])
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ParseError(f"{name} is not a path within the folder")
    return str(path)
