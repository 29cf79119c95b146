"""The voxels of Pix3D's models: `voxel.mat`, an array "voxel" in MATLAB's format of version 5.

Its axes are turned once about the first one against those of the model's mesh, and it has no scale: points are
centred on the box around them, and the farthest of them lies at .5 (Mesh R-CNN's released code).
"""

from io import BytesIO
from os import PathLike

import numpy as np
from jaxtyping import Bool, Float, Int32, Real
from scipy.io import savemat

from ..io.atomic import replacing
from ..io.errors import ParseError, as_bad_input
from ..io.files import read_file
from .mat_parse import parse_mat

_NAME = "voxel"
_MOST_CELLS = 256**3  # the original has 128 a side; a small packed file of more would fill memories
_HEAD = b"MATLAB 5.0 MAT-file".ljust(116)


def read_voxel_points(path: str | PathLike[str]) -> Float[np.ndarray, "point 3"]:
    """Middles of a model's solid cells, in the axes of its mesh; errors as of `read_voxel_cells`."""
    return normalised(read_voxel_cells(path))


def read_voxel_cells(path: str | PathLike[str]) -> Int32[np.ndarray, "cell 3"]:
    """Places of a model's solid cells, along the axes of its mesh.

    Raises:
        BadInput: missing, no such file, an array of other than three axes, or nothing solid in it.
    """
    data = read_file(path)
    with as_bad_input(path, ParseError):
        cells = parse_mat(data, _NAME, _MOST_CELLS)
        if cells.ndim != 3:
            raise ParseError(f"{_NAME} must have three axes, got shape {cells.shape}")
        found = np.argwhere(np.rot90(cells, 3, axes=(1, 2)) > 0).astype(np.int32)
        if not len(found):
            raise ParseError("has no solid voxel")
    return found


def normalised(points: Real[np.ndarray, "point 3"]) -> Float[np.ndarray, "point 3"]:
    """Points around the middle of their box, the farthest at .5; a single one at the origin."""
    points = points.astype(np.float64)
    centred = points - (points.min(0) + points.max(0)) / 2
    farthest = np.sqrt((centred**2).sum(1).max())
    scaled: np.ndarray = centred / (2 * farthest) if farthest > 0 else centred
    return scaled


def write_voxels(path: str | PathLike[str], solid: Bool[np.ndarray, "x y z"]) -> None:
    """Write solid cells, indexed along the axes of the mesh, as Pix3D has them.

    Raises:
        BadInput: the file cannot be written.
    """
    turned = np.ascontiguousarray(np.rot90(solid, 1, axes=(1, 2)), np.uint8)
    written = BytesIO()
    savemat(written, {_NAME: turned}, do_compression=True)
    written.getbuffer()[: len(_HEAD)] = _HEAD  # there is the time of writing, and nothing that is read
    with as_bad_input(path, OSError, say="cannot be written"), replacing(path) as file:
        file.write(written.getvalue())
