"""Masks for all pictures of a folder with cameras, so that it can be molded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from ..io.camera_views import cameras_from_views
from ..io.cameras_json import CameraFile, read_cameras, write_cameras
from ..io.errors import BadInput, as_bad_input
from ..io.ply_io import load_ply
from ..ops.shrunk import shrunk
from ..segment import Found, find_masks
from ..segment.masked_files import read_masked, save_mask
from ..structures.cameras import CamerasBase
from ..structures.views import Views
from ..systems.molding.hull import AGREE, hull_mesh
from ..systems.molding.silhouettes import find_ball, silhouette_iou
from .agreeing_masks import FEWEST, about, agreeing_masks
from .masks_in_space import masks_in_space

_LARGEST = 1024  # pixels of the longer side that pictures are looked at with
_JUDGED = 288  # of those that show whether masks are outlines of one shape
_BROUGHT = ("given", "alpha")
_DEEP = 1.8  # half diagonals of the masks, beyond which cameras do not tell how deep the object is
_FEW_AGREE = (
    0.6  # IoU of few masks with the outlines of their hull, which right cameras give even of thin things
)


@dataclass(frozen=True)
class SceneMasks:
    """Masks of a folder's pictures.

    Attributes:
        found: how that of each picture that stays came about.
        left_out: names of pictures that contradict the others, by their camera or their mask; the folder's cameras
            are those of the others.
        agree: whether masks and cameras go together; None where nothing tells.
    """

    found: tuple[Found, ...]
    left_out: tuple[str, ...] = ()
    agree: bool | None = None


def mask_scene(
    folder: Path,
    ground: float | None = None,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> SceneMasks:
    """Find the object in each picture of a folder that has no mask yet, as that of one object, and write the masks.

    Where no picture has one, and a floor and points are known, by what stands there (`masks_in_space`); else in each
    picture (`segment.find_masks`). Masks that were found are then compared in space (`agreeing_masks`).

    Args:
        folder: with `cameras.json`, as `photo_scene` writes it.
        ground: y of the floor that the object stands on, where it is known.
        watch: called with how many pictures were compared, and how many there are.

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
    given = any(mask is not None for mask in known)
    made = None if given or ground is None else _by_place(folder, file, pictures, ground, watch)
    if made is None:
        made = _agreeing(file, find_masks(Views(pictures, known if given else None, names=names)), ground)
    seen, kept = [], []
    for view, one in zip(file.views, made.found, strict=True):
        if view.image is not None and view.image.name in made.left_out:
            continue
        kept.append(one)
        if view.mask is None and view.image is not None:
            place = folder / "masks" / f"{view.image.name}.png"
            save_mask(one.mask, view.image, place)
            view = replace(view, mask=place)
        seen.append(view)
    write_cameras(replace(file, views=tuple(seen)), folder / "cameras.json")
    return replace(made, found=tuple(kept))


def _by_place(
    folder: Path,
    file: CameraFile,
    pictures: Sequence[Tensor],
    ground: float,
    watch: Callable[[int, int], None],
) -> SceneMasks | None:
    """Masks of what stands on the floor; None where they cannot be told, do not agree, or fit no shape."""
    place = folder / "points.ply"
    if len(pictures) < FEWEST or not place.is_file():
        return None
    with as_bad_input(place, ValueError):
        points = load_ply(place)[0].double().numpy()
    cameras = cameras_from_views(file.views)
    masks = masks_in_space(pictures, cameras, points, ground, watch)
    seen = [i for i, mask in enumerate(masks or ()) if bool(mask.any())]
    if masks is None or len(seen) < max(FEWEST, len(masks) // 2 + 1):
        return None
    agreed = agreeing_masks([masks[i] for i in seen], cameras[seen], ground)
    if agreed is None:
        return None
    kept = [k for k in range(len(seen)) if k not in agreed.contradict]
    fits = _fits([agreed.masks[k] for k in kept], cameras[[seen[k] for k in kept]])
    if fits is None:
        return None
    found = dict.fromkeys(range(len(masks)), Found(masks[0], "space", 0.0))
    found |= {seen[k]: Found(agreed.masks[k], "space", fit) for k, fit in zip(kept, fits, strict=True)}
    left_out = [i for i in range(len(masks)) if i not in [seen[k] for k in kept]]
    return SceneMasks(tuple(found.values()), _names(file, left_out), True)


def _fits(
    masks: Sequence[Tensor], cameras: CamerasBase, least: float = AGREE, whole: bool = False
) -> list[float] | None:
    """IoU of each mask with the outline of the shape that all allow; None where its mean is less."""
    small = [shrunk(mask[None], _JUDGED)[0, 0] for mask in masks]
    try:
        hull = hull_mesh(small, cameras, find_ball(cameras, small), whole=whole)
    except ValueError:  # most of them have no place in common
        return None
    fits = [float(silhouette_iou(hull, cameras[[i]], mask[None])) for i, mask in enumerate(small)]
    return fits if sum(fits) >= least * len(fits) else None


def _few_agree(masks: Sequence[Tensor], cameras: CamerasBase) -> bool:
    """Whether a shape no deeper than it is large has these outlines; cameras matched by chance are side by side."""
    flat = [mask[0] for mask in masks]
    try:
        ball = find_ball(cameras, flat)
    except ValueError:
        return False
    _, half = about([mask > 0.5 for mask in flat], cameras)
    return ball.scale < _DEEP * half and _fits(masks, cameras, _FEW_AGREE, whole=True) is not None


def _names(file: CameraFile, numbers: Sequence[int]) -> tuple[str, ...]:
    images = [view.image for view in file.views]
    return tuple(image.name for i in numbers if (image := images[i]) is not None)


def _agreeing(file: CameraFile, found: tuple[Found, ...], ground: float | None) -> SceneMasks:
    """The masks, without what the others contradict; those that somebody gave stay."""
    looked_for = [one.how not in _BROUGHT for one in found]
    masks, cameras = [one.mask for one in found], cameras_from_views(file.views)
    if len(found) < FEWEST:
        return SceneMasks(found, agree=_few_agree(masks, cameras))
    if not any(looked_for):
        return SceneMasks(found)
    agreed = agreeing_masks(masks, cameras, ground)
    if agreed is None:
        return SceneMasks(found, agree=False)
    parts = zip(found, agreed.masks, looked_for, strict=True)
    kept = tuple(
        replace(one, mask=mask, repaired=True) if ours and mask is not one.mask else one
        for one, mask, ours in parts
    )
    return SceneMasks(kept, _names(file, agreed.contradict), True)
