"""Cameras in whatever known format a folder or a file has them."""

from os import PathLike
from pathlib import Path

from .any_cameras_parse import need_straight, parse_any_cameras
from .cameras_json import CameraFile, camera_view
from .undistort import undistorted


def read_any_cameras(
    place: str | PathLike[str],
    root: str | PathLike[str] | None = None,
    undistort_to: str | PathLike[str] | None = None,
    shape: str | None = None,
) -> CameraFile:
    """Cameras of a folder or a file in any known format, as `read_cameras` gives those of `cameras.json`.

    Args:
        place, root, shape: as `parse_any_cameras` takes them.
        undistort_to: a folder for the pictures that a lens has bent, drawn anew as a pinhole camera sees them.

    Raises:
        BadInput: as `parse_any_cameras`; pictures that a lens has bent where there is no `undistort_to`.
    """
    data = parse_any_cameras(place, root, shape)
    views = data.views
    if undistort_to is None:
        need_straight(place, views)
    elif any(view.lens is not None for view in views):
        views = tuple(undistorted(views, Path(undistort_to)))
    return CameraFile(tuple(camera_view(view) for view in views), data.bounds, data.up)
