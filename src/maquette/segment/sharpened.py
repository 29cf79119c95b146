"""A network's mask of a photograph made sharper, and rid of what came along, by the photograph's colours."""

import numpy as np

from .seeded import BACKGROUND, PERHAPS, PERHAPS_NOT, grabcut

_SOLID = 0.5  # probability from which a pixel is perhaps the object
_BORDER = 0.03  # width of the border that is background, as a share of each side
_AGREE = 0.9  # IoU of both cuts
_KEPT = 0.1  # of the network's mask
_ROUNDS = 1  # more find the same, at twice the time


def sharpened(pixels: np.ndarray, told: np.ndarray) -> tuple[np.ndarray, float] | None:
    """The object by GrabCut, started where a network sees it; two cuts must agree on it.

    One cut takes the picture's border for background, which frees the object of things that reach it; the other
    does not. Where both find the same, colours tell the object from what is around it, and the cut is
    the better mask. Where they differ (a car in the colours of its street, a head that fills the picture) it is not.

    Args:
        pixels: (H, W, 3) float32 colours in [0, 1].
        told: (H, W) probability of the object at each pixel, by the network.

    Returns:
        (H, W) booleans and the IoU of both cuts; None where they do not agree, or leave next to nothing.
    """
    picture = np.round(pixels[..., ::-1] * 255).astype(np.uint8)
    near = told > _SOLID
    labels = np.where(near, PERHAPS, PERHAPS_NOT).astype(np.uint8)
    inner = np.full_like(labels, BACKGROUND)
    rows, columns = (max(1, round(_BORDER * side)) for side in labels.shape)
    inner[rows:-rows, columns:-columns] = labels[rows:-rows, columns:-columns]
    bounded, free = grabcut(picture, inner, _ROUNDS), grabcut(picture, labels, _ROUNDS)
    if bounded is None or free is None or (bounded & near).sum() < max(1, _KEPT * near.sum()):
        return None
    agreement = float((bounded & free).sum() / (bounded | free).sum())
    return (bounded, agreement) if agreement >= _AGREE else None
