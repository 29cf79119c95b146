"""Cross-entropy of voxels with two channels, the loss of 3D-R2N2."""

from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import softplus

from ..structures.voxel_log_odds import solid_log_odds


def voxel_cross_entropy(
    logits: Float[Tensor, "batch 2 x y z"], target: Bool[Tensor, "batch x y z"]
) -> Float[Tensor, ""]:
    """-(1/NV) sum over batch and cells of log p_y, where p = softmax(empty, solid) and y is the cell's truth.

    With d = solid - empty a cell costs log(1 + exp(d)) where it is empty and log(1 + exp(-d)) where it is solid
    (Choy et al., 3D-R2N2, ECCV 2016, eq. 7). Same value as the released code, which overflows for large logits.

    Args:
        logits: of empty (channel 0) and solid (channel 1).
        target: solid cells.

    Returns:
        scalar, float32 for halves, finite for finite logits. The mean over the batch of means over cells.
    """
    margin = solid_log_odds(logits)
    cost = softplus(margin.where(~target, -margin))
    return cost.mean() if cost.numel() else cost.sum()
