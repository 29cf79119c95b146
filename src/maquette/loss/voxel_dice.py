"""Dice loss of voxels: one minus a soft overlap, which IoU follows."""

from jaxtyping import Bool, Float
from torch import Tensor

from ..structures.voxel_log_odds import solid_log_odds
from .soft_dice import soft_dice


def voxel_dice(
    logits: Float[Tensor, "batch 2 x y z"], target: Bool[Tensor, "batch x y z"], smooth: float = 1.0
) -> Float[Tensor, ""]:
    """1 - (1/N) sum over the batch of (2 sum p t + s) / (sum p + sum t + s), with p the probability of solid.

    The overlap is that of each sample as a whole (Milletari et al., V-Net, 2016, without the squares), so that
    thin shapes count as much as full ones. With Dice D of solid cells their IoU is D / (2 - D).

    Args:
        logits: of empty (channel 0) and solid (channel 1).
        target: solid cells t.
        smooth: s > 0 keeps empty grids finite.

    Returns:
        scalar, float32 for halves, in [0, 1].
    """
    return soft_dice(solid_log_odds(logits), target, smooth)
