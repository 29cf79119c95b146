"""A folder of pictures with cameras in the format of a program: pictures and masks are copied, lenses undone.

json      cameras.json              images/<name>   masks/<name>.png
colmap    sparse/0/*.txt            images/<name>   masks/<name>.png
nerf      transforms.json           images/<name>   masks/<name>.png
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from .cameras_json import CameraFile, camera_view, write_cameras
from .cameras_parse import CamerasData
from .colmap_model import SparsePoints
from .colmap_write import write_colmap
from .errors import BadInput, as_bad_input
from .files import read_file
from .image_files import image_orientation
from .images import load_image, load_mask, save_image
from .transforms_write import write_transforms
from .undistort import undistorted

Format = Literal["json", "colmap", "nerf"]
_JPEG = (".jpg", ".jpeg")


def write_camera_folder(
    data: CamerasData,
    folder: Path,
    to: Format = "json",
    points: SparsePoints | None = None,
    watch: Callable[[int], None] = lambda done: None,
) -> CameraFile:
    """Fill a folder with pictures, masks and cameras; the world stays as it is.

    A picture is copied as it is where it is upright and no lens has bent it; else it is drawn anew.

    Args:
        data: views; those with pictures have names below `images/` as they had below the folder that all share.
        folder: that is there; best one of `replacing_folder`.
        to: the format.
        points: for COLMAP's `points3D.txt`.
        watch: called with the number of pictures done.

    Returns:
        The cameras with their new pictures.

    Raises:
        BadInput: a picture that cannot be read, a mask that is all black, a view without a picture for a format that
            needs one, or a place that cannot be written to.
    """
    for i, view in enumerate(data.views):
        if to != "json" and view.image is None:
            raise BadInput(view.mask or folder, f"view {i} has no picture, which {to} needs")
    views = []
    with TemporaryDirectory() as aside, as_bad_input(folder, OSError, say="cannot be written"):
        for view, name in zip(undistorted(data.views, Path(aside)), _names(data), strict=True):
            image = None if view.image is None else folder / "images" / name
            mask = None if view.mask is None else folder / "masks" / f"{name}.png"
            if view.image is not None and image is not None:
                _copy(view.image, image)
            if view.mask is not None and mask is not None:
                mask.parent.mkdir(parents=True, exist_ok=True)
                save_image(load_mask(view.mask), mask)
            views.append(camera_view(replace(view, image=image, mask=mask)))
            watch(len(views))
    cameras = CameraFile(tuple(views), data.bounds, data.up)
    if to == "colmap":
        write_colmap(cameras, folder / "sparse" / "0", folder / "images", points)
    elif to == "nerf":
        write_transforms(cameras, folder / "transforms.json")
    else:
        write_cameras(cameras, folder / "cameras.json")
    return cameras


def _names(data: CamerasData) -> Iterator[str]:
    """A name for each view, without blanks, where it was below the folder that all pictures share."""
    sources = [view.image or view.mask for view in data.views]
    files = [None if source is None else Path(os.path.abspath(source)) for source in sources]
    folders = [file.parent for file in files if file is not None]
    shared = os.path.commonpath(folders) if folders else ""
    taken: set[str] = set()
    for i, (view, file) in enumerate(zip(data.views, files, strict=True)):
        path = Path(f"{i:04d}") if file is None else file.relative_to(shared)
        if path.suffix.lower() not in _JPEG and (view.lens is not None or _is_turned(view.image)):
            path = path.with_suffix(".png")
        name = "_".join(path.as_posix().split())
        name = name if name not in taken else f"{i:04d}_{Path(name).name}"
        taken.add(name)
        yield name


def _copy(source: Path, target: Path) -> None:
    """A copy of a picture; drawn anew where it is turned or its kind is to change."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix.lower() == source.suffix.lower() and not _is_turned(source):
        target.write_bytes(read_file(source))
    else:
        save_image(load_image(source), target)


def _is_turned(picture: Path | None) -> bool:
    """Whether EXIF says that a picture is to be turned."""
    return picture is not None and image_orientation(picture) != 1
