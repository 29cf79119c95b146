"""Masks for all pictures of a folder with cameras, so that it can be molded."""

from dataclasses import dataclass, replace
from pathlib import Path

from ..io.camera_views import cameras_from_views
from ..io.cameras_json import CameraFile, read_cameras, write_cameras
from ..io.errors import BadInput
from ..segment import Found, find_masks
from ..segment.masked_files import read_masked, save_mask
from ..structures.views import Views
from .agreeing_masks import FEWEST, agreeing_masks

_LARGEST = 1024  # pixels of the longer side that pictures are looked at with
_BROUGHT = ("given", "alpha")


@dataclass(frozen=True)
class SceneMasks:
    """Masks of a folder's pictures.

    Attributes:
        found: how that of each picture came about.
        left_out: names of pictures that contradict the others, by their camera or their mask; the folder's cameras
            are those of the others.
        agree: whether masks and cameras go together; None where nothing tells.
    """

    found: tuple[Found, ...]
    left_out: tuple[str, ...] = ()
    agree: bool | None = None


def mask_scene(folder: Path, ground: float | None = None) -> SceneMasks:
    """Find the object in each picture of a folder that has no mask yet, as that of one object, and write the masks.

    Masks that were found are then compared in space (`agreeing_masks`).

    Args:
        folder: with `cameras.json`, as `photo_scene` writes it.
        ground: y of the floor that the object stands on, where it is known.

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
    made = _agreeing(file, found, ground)
    seen = []
    for view, one in zip(file.views, made.found, strict=True):
        if view.image is not None and view.image.name in made.left_out:
            continue
        if view.mask is None and view.image is not None:
            place = folder / "masks" / f"{view.image.name}.png"
            save_mask(one.mask, view.image, place)
            view = replace(view, mask=place)
        seen.append(view)
    write_cameras(replace(file, views=tuple(seen)), folder / "cameras.json")
    return made


def _agreeing(file: CameraFile, found: tuple[Found, ...], ground: float | None) -> SceneMasks:
    """The masks, without what the others contradict; those that somebody gave stay."""
    looked_for = [one.how not in _BROUGHT for one in found]
    if len(found) < FEWEST or not any(looked_for):
        return SceneMasks(found)
    agreed = agreeing_masks([one.mask for one in found], cameras_from_views(file.views), ground)
    if agreed is None:
        return SceneMasks(found, agree=False)
    parts = zip(found, agreed.masks, looked_for, strict=True)
    kept = tuple(
        replace(one, mask=mask, repaired=True) if ours and mask is not one.mask else one
        for one, mask, ours in parts
    )
    images = [view.image for view in file.views]
    names = tuple(image.name for i in agreed.contradict if (image := images[i]) is not None)
    return SceneMasks(kept, names, True)
