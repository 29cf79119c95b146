"""Connected pieces of a mask."""

import numpy as np
import torch
from jaxtyping import Float
from scipy import ndimage
from torch import Tensor

from ..io.errors import as_bad_input, say_left_out

_SPECK = 0.003  # of the largest piece; smaller ones are specks where they are far from it
_NEAR = 0.05  # of the longer side of the box around the others, up to which a speck may lie outside of it
_HALO = 2  # pixels around a speck that go with it
_CORNERS = np.ones((3, 3))


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


def without_specks(mask: Float[Tensor, "1 height width"], name: str) -> Float[Tensor, "1 height width"]:
    """A mask without the small pieces far from the object, which would make it small in its own box; said.

    Args:
        mask: 1 on the object.
        name: of the picture.
    """
    labels, count = ndimage.label((mask[0] > 0.5).cpu().numpy(), _CORNERS)
    if count < 2:
        return mask
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    boxes = np.array(
        [
            [side for axis in place for side in (axis.start, axis.stop)]
            for place in ndimage.find_objects(labels)
        ]
    )
    large = sizes >= _SPECK * sizes.max()
    top, left = boxes[large][:, [0, 2]].min(axis=0)
    bottom, right = boxes[large][:, [1, 3]].max(axis=0)
    reach = _NEAR * max(bottom - top, right - left)
    away = np.maximum.reduce(
        [top - boxes[:, 1], boxes[:, 0] - bottom, left - boxes[:, 3], boxes[:, 2] - right]
    )
    specks = np.concatenate([[False], ~large & (away > reach)])
    if not specks.any():
        return mask
    gone = ndimage.binary_dilation(specks[labels], _CORNERS, iterations=_HALO) & ~(
        ~specks[labels] & (labels > 0)
    )
    with as_bad_input(name):
        say_left_out(
            f"{specks.sum()} specks of the mask, {specks[labels].sum()} pixels far from the object, do not count"
        )
    return mask.masked_fill(torch.from_numpy(gone).to(mask.device), 0.0)
