"""Focal loss of voxels: cross-entropy in which cells that are right already count little."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import softplus

from ..structures.voxel_log_odds import solid_log_odds


def voxel_focal(
    logits: Float[Tensor, "batch 2 x y z"],
    target: Bool[Tensor, "batch x y z"],
    gamma: float = 2.0,
    alpha: float | None = None,
) -> Float[Tensor, ""]:
    """(1/NV) sum over batch and cells of -a (1 - p)^gamma log p, with p the probability of the cell's truth.

    Lin et al., Focal Loss for Dense Object Detection, ICCV 2017, eq. 5. With gamma 0 and no alpha it is
    `voxel_cross_entropy`.

    Args:
        logits: of empty (channel 0) and solid (channel 1).
        target: solid cells.
        gamma: >= 0; how much less a cell counts that is right.
        alpha: weight a of solid cells in [0, 1], 1 - alpha that of empty ones; None: both are 1.

    Returns:
        scalar, float32 for halves.
    """
    margin = solid_log_odds(logits)
    towards_truth = margin.where(target, -margin)
    cost = torch.sigmoid(-towards_truth) ** gamma * softplus(-towards_truth)
    if alpha is not None:
        cost = cost * torch.where(target, alpha, 1 - alpha)
    return cost.mean() if cost.numel() else cost.sum()
