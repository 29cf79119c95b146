"""One object in several pictures, by GrabCut from what is known of their pixels, with colours that all share."""

from collections.abc import Sequence

import cv2
import numpy as np
from scipy import ndimage

BACKGROUND, OBJECT, PERHAPS_NOT, PERHAPS = cv2.GC_BGD, cv2.GC_FGD, cv2.GC_PR_BGD, cv2.GC_PR_FGD
_FEWEST = 5  # pixels of either kind; a model of colours has so many parts
_SEED = 0


def seeded_masks(
    pictures: Sequence[np.ndarray], labels: Sequence[np.ndarray], rounds: int = 3
) -> list[np.ndarray] | None:
    """Cut an object out of pictures of it (GrabCut: Rother, Kolmogorov and Blake, SIGGRAPH 2004).

    The pictures are cut as one, so that what is told in one of them counts in all.

    Args:
        pictures: (H, W, 3) bytes each, of one width.
        labels: (H, W) bytes each: `BACKGROUND`, `OBJECT`, `PERHAPS_NOT`, `PERHAPS`.
        rounds: of learning colours and cutting.

    Returns:
        (H, W) booleans each: the pieces that hold a pixel of `OBJECT`; None where the labels leave too few pixels of
        either kind.
    """
    cut = grabcut(np.concatenate(pictures), np.concatenate(labels), rounds)
    if cut is None:
        return None
    parts = np.split(cut, np.cumsum([len(label) for label in labels])[:-1])
    return [pieces_with(mask, label == OBJECT) for mask, label in zip(parts, labels, strict=True)]


def grabcut(picture: np.ndarray, labels: np.ndarray, rounds: int) -> np.ndarray | None:
    """OpenCV's GrabCut of one picture from labels, always the same; arguments and result as of `seeded_masks`."""
    inside = (labels == OBJECT) | (labels == PERHAPS)
    if min(int(inside.sum()), int((~inside).sum())) < _FEWEST:
        return None
    cut, models = labels.copy(), (np.zeros((1, 65)), np.zeros((1, 65)))
    cv2.setRNGSeed(_SEED)
    cv2.grabCut(picture, cut, (0, 0, 1, 1), *models, rounds, cv2.GC_INIT_WITH_MASK)
    found: np.ndarray = (cut == OBJECT) | (cut == PERHAPS)
    return found


def pieces_with(mask: np.ndarray, core: np.ndarray) -> np.ndarray:
    """The connected pieces of a mask that hold a pixel of a core.

    Args:
        mask, core: (H, W) booleans.
    """
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    held = np.zeros(count + 1, bool)
    held[pieces[core & mask]] = True
    held[0] = False
    kept: np.ndarray = held[pieces]
    return kept
