"""Masks for all pictures of a folder with cameras, so that it can be molded."""

from dataclasses import replace
from pathlib import Path

from ..io.cameras_json import read_cameras, write_cameras
from ..io.images import load_image, load_mask, save_image
from ..segment import Found, find_masks
from ..structures.views import Views


def mask_scene(folder: Path) -> tuple[Found, ...]:
    """Find the object in each picture of a folder that has no mask yet, as that of one object, and write the masks.

    Args:
        folder: with `cameras.json`, as `photo_scene` writes it.

    Returns:
        how each came about.

    Raises:
        BadInput: no object is found in a picture, or a mask is empty.
    """
    file = read_cameras(folder / "cameras.json")
    pictures = [load_image(view.image) for view in file.views if view.image is not None]
    own = [None if view.mask is None else load_mask(view.mask).float() for view in file.views]
    alpha = [p[3:] if len(p) == 4 and bool((p[3] <= 0.5).any()) else None for p in pictures]
    known = [mask if mask is not None else clear for mask, clear in zip(own, alpha, strict=True)]
    names = [str(view.image) for view in file.views]
    colours = [picture[:3] if len(picture) >= 3 else picture[:1].expand(3, -1, -1) for picture in pictures]
    views = Views(colours, known if any(mask is not None for mask in known) else None, names=names)
    found = find_masks(views)
    seen = []
    for view, one in zip(file.views, found, strict=True):
        if view.mask is None and view.image is not None:
            place = folder / "masks" / f"{view.image.name}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            save_image(one.mask > 0.5, place)
            view = replace(view, mask=place)
        seen.append(view)
    write_cameras(replace(file, views=tuple(seen)), folder / "cameras.json")
    return found
