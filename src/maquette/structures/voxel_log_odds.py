"""Voxels as two logits a cell: what networks give, and what losses and occupancies start from."""

import torch
from jaxtyping import Float
from torch import Tensor


def solid_log_odds(logits: Float[Tensor, "batch 2 x y z"]) -> Float[Tensor, "batch x y z"]:
    """log(p / (1 - p)) of the probability p that a cell is solid: logit of solid minus logit of empty.

    Args:
        logits: of empty (channel 0) and solid (channel 1); halves are computed in float32.
    """
    wide = logits if logits.dtype == torch.float64 else logits.float()
    return wide[:, 1] - wide[:, 0]
