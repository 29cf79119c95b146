"""Masks for all pictures of an object: those that are there, and those that are found."""

from dataclasses import replace

from torch import Tensor

from ..io.errors import BadInput
from ..structures.views import Views
from .consistent import consistent
from .found import Found, How, Way, find_object
from .pieces import without_specks


def find_masks(
    views: Views, brought: How = "given", by: Way | None = None, kind: str | None = None, same: bool = True
) -> tuple[Found, ...]:
    """The object in every picture: as the picture's mask says, else as `find_object` finds it.

    Args:
        views: of one object.
        brought: how masks that are there came about.
        by, kind: the one way in which it is looked for (`find_object`).
        same: whether masks of three pictures or more are compared with each other (`consistent`); not with `by`.

    Raises:
        BadInput: no object is found in a picture, or a mask shows none.
    """
    masks = views.masks or [None] * len(views)
    names = views.names or [f"picture {i}" for i in range(len(views))]
    found = [
        _find(image, name, by, kind) if mask is None else given_mask(mask, brought, name)
        for image, mask, name in zip(views.images, masks, names, strict=True)
    ]
    if not same or by is not None:
        return tuple(found)
    return tuple(
        replace(one, mask=without_specks(one.mask, name)) if one.repaired else one
        for one, name in zip(consistent(views.images, found), names, strict=True)
    )


def with_masks(views: Views) -> Views:
    """The same pictures, all with masks; errors as for `find_masks`."""
    if not views.has_masks:
        return replace(views, masks=[found.mask for found in find_masks(views)])
    names = views.names or [f"picture {i}" for i in range(len(views))]
    masks = [
        None if mask is None else without_specks(mask, name)
        for mask, name in zip(views.masks or (), names, strict=True)
    ]
    return replace(views, masks=masks)


def given_mask(mask: Tensor, how: How, name: str) -> Found:
    """A mask (1, H, W) that somebody gave; raises BadInput where it shows no object.

    Args:
        mask: 1 on the object.
        how: where it is from.
        name: of the picture.
    """
    if not bool((mask > 0.5).any()):
        raise BadInput(name, "the mask shows no object")
    return Found(without_specks(mask, name), how, 1.0)


def _find(image: Tensor, name: str, by: Way | None, kind: str | None) -> Found:
    found = find_object(image, by, kind)
    if found is None:
        raise BadInput(name, "no object was found in the picture; give its mask")
    return replace(found, mask=without_specks(found.mask, name))
