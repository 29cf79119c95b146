"""Average precision of voxel grids: a score without a threshold."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def average_precision(
    probability: Float[Tensor, "batch x y z"], target: Bool[Tensor, "batch x y z"]
) -> Float[Tensor, " batch"]:
    """AP = sum over n of (R_n - R_{n-1}) P_n of each sample.

    P_n and R_n are precision and recall of the cells whose probability reaches the n-th largest distinct value;
    nothing is interpolated between them, as in scikit-learn's `average_precision_score`, with which 3D-R2N2's
    released code computes it.

    Args:
        probability: that a cell is solid; only their order counts.
        target: solid cells.

    Returns:
        values in [0, 1]; 0 for a target without a solid cell.
    """
    scores, order = probability.flatten(1).sort(dim=1, descending=True)
    solid = target.flatten(1).gather(1, order)
    ends = _last_of_equals(scores)
    found = solid.cumsum(1).gather(1, ends)
    precision = found.double() / (ends + 1)
    return ((precision * solid).sum(1) / solid.sum(1).clamp(min=1)).float()


def _last_of_equals(scores: Float[Tensor, "batch cell"]) -> Tensor:
    """Position of the last of the equal scores that each one belongs to, in sorted rows."""
    count = scores.shape[1]
    place = torch.arange(count, device=scores.device).expand_as(scores)
    is_last = torch.ones_like(scores, dtype=torch.bool)
    is_last[:, :-1] = scores[:, 1:] != scores[:, :-1]
    return place.masked_fill(~is_last, count - 1).flip(1).cummin(1).values.flip(1)
