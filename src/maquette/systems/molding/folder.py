"""What a folder of views must have to be molded from. Does without torch, so that a bad one is refused at once."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Protocol, runtime_checkable

from ...io.any_cameras_parse import need_cameras, parse_any_cameras
from ...io.errors import BadInput
from ...io.image_files import mask_in, read_pixels


@runtime_checkable
class Sized(Protocol):
    """A view whose picture has a size in pixels."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...


def check_folder(folder: Path, root: Path | None = None) -> None:
    """Look at cameras and masks of a folder, in any known format; pictures are judged by their headers.

    Args:
        folder: with the cameras.
        root: as `read_cameras` takes it.

    Raises:
        BadInput: a missing or malformed file, views of different sizes, a view without picture and mask, or a
            mask that is all black.
    """
    path = need_cameras(folder).path
    views = parse_any_cameras(folder, root).views
    check_sizes(views, path)
    for i, view in enumerate(views):
        if view.image is None and view.mask is None:
            raise BadInput(path, "has neither a picture nor a mask", f"view {i}")
        if view.mask is not None:
            mask_in(read_pixels(view.mask), view.mask)


def check_sizes(views: Sequence[Sized], path: str | PathLike[str]) -> None:
    """Refuse views of different sizes.

    Raises:
        BadInput: about `path`, naming the first view that differs.
    """
    first = views[0]
    for i, view in enumerate(views):
        if (view.width, view.height) != (first.width, first.height):
            raise BadInput(
                path,
                f"is {view.width} x {view.height} pixels, but view 0 is {first.width} x {first.height}; "
                "all views must have one size",
                f"view {i}",
            )
