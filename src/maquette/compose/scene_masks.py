"""Masks for all pictures of a folder with cameras, so that it can be molded."""

from dataclasses import replace
from pathlib import Path

from ..io.cameras_json import read_cameras, write_cameras
from ..io.errors import BadInput
from ..segment import Found, find_masks
from ..segment.masked_files import read_masked, save_mask
from ..structures.views import Views

_LARGEST = 1024  # pixels of the longer side that pictures are looked at with


def mask_scene(folder: Path) -> tuple[Found, ...]:
    """Find the object in each picture of a folder that has no mask yet, as that of one object, and write the masks.

    Args:
        folder: with `cameras.json`, as `photo_scene` writes it.

    Returns:
        how each came about.

    Raises:
        BadInput: a view without a picture, no object in one, or a mask that is empty.
    """
    file = read_cameras(folder / "cameras.json")
    pictures, known = [], []
    for i, view in enumerate(file.views):
        if view.image is None:
            raise BadInput(folder / "cameras.json", "has no picture", f"view {i}")
        colours, mask = read_masked(view.image, view.mask, _LARGEST)
        pictures.append(colours)
        known.append(mask)
    names = [str(view.image) for view in file.views]
    found = find_masks(Views(pictures, known if any(m is not None for m in known) else None, names=names))
    seen = []
    for view, one in zip(file.views, found, strict=True):
        if view.mask is None and view.image is not None:
            place = folder / "masks" / f"{view.image.name}.png"
            save_mask(one.mask, view.image, place)
            view = replace(view, mask=place)
        seen.append(view)
    write_cameras(replace(file, views=tuple(seen)), folder / "cameras.json")
    return found
