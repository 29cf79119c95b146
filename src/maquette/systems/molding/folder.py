"""What a folder of views must have to be molded from. Does without torch, so that a bad one is refused at once."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

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
        BadInput: a missing or malformed file, a view without picture and mask, a mask that is all black, or, among
            views of different sizes, one that shows a part of the object alone.
    """
    path = need_cameras(folder).path
    views = parse_any_cameras(folder, root).views
    mixed = differ(views)
    for i, view in enumerate(views):
        if view.image is None and view.mask is None:
            raise BadInput(path, "has neither a picture nor a mask", f"view {i}")
        if view.mask is not None:
            mask = mask_in(read_pixels(view.mask), view.mask)
            if mixed and _reaches_border(mask):
                raise cut_off(path, i)


def differ(views: Sequence[Sized]) -> bool:
    """Whether views are of different sizes."""
    return len({(view.width, view.height) for view in views}) > 1


def cut_off(path: str | PathLike[str], view: int) -> BadInput:
    """What is said of a view that cannot be laid on a larger canvas, where nothing is known beyond its border."""
    return BadInput(
        path,
        "shows a part of the object alone; views of different sizes must show all of it",
        f"view {view}",
    )


def _reaches_border(mask: np.ndarray) -> bool:
    return bool(mask[[0, -1]].any() or mask[:, [0, -1]].any())
