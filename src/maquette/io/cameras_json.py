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

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from .atomic import replacing
from .cameras_parse import FLIPS, ViewData, parse_cameras
from .errors import as_bad_input


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


def read_cameras(path: str | PathLike[str], root: str | PathLike[str] | None = None) -> CameraFile:
    """Read a `cameras.json`; pictures and masks are looked up beside it and their sizes compared.

    Args:
        path: the file.
        root: a folder that names of pictures may lead into besides the file's own.

    Raises:
        BadInput: anything missing, malformed or contradictory: no views, a matrix that is not a rotation, a
            skewed or impossible K, pictures or masks that are missing or of another size.
    """
    data = parse_cameras(path, root)
    return CameraFile(tuple(camera_view(view) for view in data.views), data.bounds, data.up)


def camera_view(view: ViewData) -> CameraView:
    """A view that was read without torch, with tensors."""
    K, R, t = (torch.from_numpy(np.ascontiguousarray(array)) for array in (view.K, view.R, view.t))
    return CameraView(view.image, view.mask, view.width, view.height, K, R, t)


def write_cameras(cameras: CameraFile, path: str | PathLike[str], convention: str = "opencv") -> None:
    """Write a `cameras.json`; file names are stored relative to its folder.

    Args:
        cameras: what to write.
        path: the file to write or replace, whole or not at all.
        convention: of the stored matrices: "opencv", "opengl" or "pytorch3d".

    Raises:
        ValueError: another convention.
        BadInput: a place that cannot be written to.
    """
    if convention not in FLIPS:
        raise ValueError(f"convention must be one of {', '.join(FLIPS)}, got {convention!r}")
    folder = Path(path).resolve().parent
    tree = {
        "maquette_cameras": 1,
        "convention": convention,
        "pixel_center": 0.5,
        "up": cameras.up,
        "views": [_entry(view, folder, FLIPS[convention]) for view in cameras.views],
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
