"""One object in several pictures, by GrabCut from what is known of their pixels, with colours that all share."""

from collections.abc import Sequence

import cv2
import numpy as np
from scipy import ndimage

BACKGROUND, OBJECT, PERHAPS_NOT, PERHAPS = cv2.GC_BGD, cv2.GC_FGD, cv2.GC_PR_BGD, cv2.GC_PR_FGD
_SEED = 0


def seeded_masks(
    pictures: Sequence[np.ndarray], labels: Sequence[np.ndarray], rounds: int = 3
) -> list[np.ndarray] | None:
    """Cut an object out of pictures of it (GrabCut: Rother, Kolmogorov and Blake, SIGGRAPH 2004).

    The pictures are cut as one, so that what is told in one of them counts in all.

    Args:
        pictures: (H, W, 3) bytes each, of one size.
        labels: (H, W) bytes each: `BACKGROUND`, `OBJECT`, `PERHAPS_NOT`, `PERHAPS`.
        rounds: of learning colours and cutting.

    Returns:
        (H, W) booleans each: the pieces that hold a pixel of `OBJECT`; None where the labels leave too few pixels of
        either kind.
    """
    together, models = np.concatenate(labels), (np.zeros((1, 65)), np.zeros((1, 65)))
    cv2.setRNGSeed(_SEED)
    try:
        cv2.grabCut(np.concatenate(pictures), together, (0, 0, 1, 1), *models, rounds, cv2.GC_INIT_WITH_MASK)
    except cv2.error:
        return None
    cut = np.split((together == OBJECT) | (together == PERHAPS), len(pictures))
    return [_pieces_of(mask, label == OBJECT) for mask, label in zip(cut, labels, strict=True)]


def _pieces_of(mask: np.ndarray, core: np.ndarray) -> np.ndarray:
    """The connected pieces of a mask that hold a pixel of a core."""
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    held = np.zeros(count + 1, bool)
    held[pieces[core & mask]] = True
    held[0] = False
    kept: np.ndarray = held[pieces]
    return kept
