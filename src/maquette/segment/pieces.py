"""Connected pieces of a mask."""

import numpy as np
from scipy import ndimage


def large_pieces(mask: np.ndarray, share: float, structure: np.ndarray | None = None) -> np.ndarray | None:
    """The largest connected piece of a mask, and those that are not small beside it.

    Args:
        mask: booleans.
        share: of the largest piece's size, for another piece to be kept.
        structure: which neighbours are connected; along the axes only when not given.

    Returns:
        Booleans like `mask`; None where nothing is set.
    """
    labels, count = ndimage.label(mask, structure)
    if count == 0:
        return None
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    kept: np.ndarray = (sizes >= share * sizes.max())[labels]
    return kept
