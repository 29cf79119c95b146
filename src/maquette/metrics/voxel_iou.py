"""Intersection over union of voxel grids."""

from jaxtyping import Bool, Float
from torch import Tensor


def voxel_iou(
    predicted: Float[Tensor, "batch x y z"] | Bool[Tensor, "batch x y z"],
    target: Bool[Tensor, "batch x y z"],
    threshold: float = 0.4,
) -> Float[Tensor, " batch"]:
    """|A and B| / |A or B| of each sample, where A holds the cells predicted with at least `threshold`.

    Args:
        predicted: probabilities that a cell is solid, in [0, 1], or the solid cells themselves.
        target: solid cells.
        threshold: the least probability of a solid cell, that one included (Choy et al., "3D-R2N2", ECCV 2016,
            eq. 6, with t = 0.4 in the released code); of no account for booleans.

    Returns:
        values in [0, 1]; 1 where both grids are empty.
    """
    solid = predicted >= threshold if predicted.is_floating_point() else predicted.bool()
    both = (solid & target).flatten(1).sum(1)
    either = (solid | target).flatten(1).sum(1)
    return ((both + (either == 0)) / either.clamp(min=1)).float()
