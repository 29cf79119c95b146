"""Writing `transforms.json`; `transforms_parse` tells of the format."""

import json
import math
import os
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import replacing
from .cameras_json import CameraFile, CameraView
from .cameras_parse import FLIPS
from .errors import as_bad_input
from .transforms_parse import AXES


def write_transforms(cameras: CameraFile, path: str | PathLike[str]) -> None:
    """Write a `transforms.json`; file names are stored relative to its folder, the world stays as it is.

    Args:
        cameras: views with pictures.
        path: the file to write or replace, whole or not at all.

    Raises:
        ValueError: a view without a picture.
        BadInput: a place that cannot be written to.
    """
    folder = Path(path).resolve().parent
    optics = [_optics(view) for view in cameras.views]
    shared = optics[0] if all(one == optics[0] for one in optics) else {}
    frames = [_frame(view, i, folder) for i, view in enumerate(cameras.views)]
    if not shared:
        frames = [frame | one for frame, one in zip(frames, optics, strict=True)]
    tree = {"camera_model": "PINHOLE", "up": list(AXES[cameras.up]), **shared, "frames": frames}
    text = json.dumps(tree, indent=1, allow_nan=False) + "\n"
    with as_bad_input(path, OSError, say="cannot be written"), replacing(path, "w") as file:
        file.write(text)


def _optics(view: CameraView) -> dict[str, float]:
    K = view.K.tolist()
    return {
        "w": view.width,
        "h": view.height,
        "fl_x": K[0][0],
        "fl_y": K[1][1],
        "cx": K[0][2],
        "cy": K[1][2],
        "camera_angle_x": 2 * math.atan(view.width / 2 / K[0][0]),
    }


def _frame(view: CameraView, index: int, folder: Path) -> dict[str, Any]:
    if view.image is None:
        raise ValueError(f"view {index} has no picture, which transforms.json needs")
    R = view.R.double().numpy()
    to_world = np.eye(4)
    to_world[:3, :3] = R.T * np.array(FLIPS["opengl"])
    to_world[:3, 3] = -R.T @ view.t.double().numpy()
    frame = {"file_path": _name(view.image, folder), "transform_matrix": to_world.tolist()}
    return frame if view.mask is None else frame | {"mask_path": _name(view.mask, folder)}


def _name(file: Path, folder: Path) -> str:
    return Path(os.path.relpath(file.resolve(), folder)).as_posix()
