"""The files of one object in the layout of ShapeNet R2N2 (`data.r2n2_files`), written whole or not at all."""

from pathlib import Path

import cv2
import torch

from ...io.atomic_folder import remove_leftovers, replacing_folder
from ...io.binvox import save_binvox
from ...io.errors import BadInput
from ...io.image_files import image_size
from ...structures.voxels import VoxelGrid
from ..r2n2_files import PICTURES, VOXELS, examine, picture_folder, voxel_file
from ..r2n2_frame import azimuth_to_layout, voxels_to_layout
from .pictures import MadePictures

_COMPRESSION = [cv2.IMWRITE_PNG_COMPRESSION, 1]
_FIELD = 25  # degrees, as the data set has it; not what its pictures show


def is_made(root: Path, category: str, model: str, views: int, size: int) -> bool:
    """Whether an object is there, with voxels and this many pictures of this size."""
    folder = picture_folder(root, category, model)
    try:
        names = examine(root, category, model, pictures=True).names
        return len(names) == views and image_size(folder / names[-1]) == (size, size)
    except BadInput:
        return False


def clean(root: Path) -> None:
    """Remove what a run that was killed left half written; code for the original data lists all folders."""
    for tree in (root / PICTURES, root / VOXELS):
        for category in tree.iterdir() if tree.is_dir() else ():
            if category.is_dir():
                remove_leftovers(category)


def write_model(root: Path, category: str, model: str, pictures: MadePictures, grid: VoxelGrid) -> None:
    """Write pictures, cameras and voxels of one object, turned from the object frame into the layout's.

    Args:
        root: folder of the data set.
        category: name of the category's folder.
        model: name of the object's folder.
        pictures: of the object.
        grid: one grid of solid cells around the origin of the object frame.

    Raises:
        BadInput: a place that cannot be written to.
    """
    shown = picture_folder(root, category, model).parent
    solid = voxel_file(root, category, model).parent
    for folder in (shown, solid):
        folder.parent.mkdir(parents=True, exist_ok=True)
    with replacing_folder(solid) as voxels, replacing_folder(shown) as folder:
        turned = VoxelGrid(voxels_to_layout(grid.solid()).contiguous(), grid.side)
        save_binvox(turned, voxels / "model.binvox")
        (folder / "rendering").mkdir()
        _write_pictures(folder / "rendering", pictures)


def _write_pictures(folder: Path, pictures: MadePictures) -> None:
    names = [f"{i:02d}.png" for i in range(len(pictures.rgba))]
    for name, rgba in zip(names, pictures.rgba, strict=True):
        _, data = cv2.imencode(".png", cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA), _COMPRESSION)
        (folder / name).write_bytes(data.tobytes())
    azimuth = azimuth_to_layout(torch.from_numpy(pictures.cameras[:, 0])).tolist()
    rows = [
        f"{a:.9f} {e:.9f} 0 {ratio:.9f} {_FIELD}\n"
        for a, (_, e, ratio) in zip(azimuth, pictures.cameras.tolist(), strict=True)
    ]
    (folder / "rendering_metadata.txt").write_text("".join(rows), encoding="ascii")
    (folder / "renderings.txt").write_text("".join(f"{name}\n" for name in names), encoding="ascii")
