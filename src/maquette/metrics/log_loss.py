"""Log loss of voxel grids: the two-class cross-entropy that 3D-R2N2 is trained with."""

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

LEAST_PROBABILITY = 1e-7


def log_loss(
    probability: Float[Tensor, "batch x y z"], target: Bool[Tensor, "batch x y z"]
) -> Float[Tensor, " batch"]:
    """-(y log p + (1 - y) log(1 - p)), the mean over the cells of each sample (Choy et al., ECCV 2016, eq. 5).

    Args:
        probability: that a cell is solid, in [0, 1]. Kept 1e-7 away from 0 and 1, so that one cell costs at
            most 16.1.
        target: solid cells.

    Returns:
        nats a cell, >= 0 and finite.
    """
    p = probability.double().clamp(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return F.binary_cross_entropy(p, target.double(), reduction="none").flatten(1).mean(1).float()
