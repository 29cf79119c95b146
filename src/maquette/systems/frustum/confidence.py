"""How far a reconstruction can be trusted, from the probabilities that it was made of."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from .grid import Frustum

SURE = 0.8  # of reconstructions with at least this confidence, so many should be good
_SLOPE, _MIDDLE = 5.7, 0.2  # of the logistic curve; docs/reconstruct.md has what it was fitted to


def expected_overlap(field: Float[Tensor, "depth row column"], threshold: float, frustum: Frustum) -> float:
    """Expected size of what is rightly called solid, over that of what is called or truly solid.

    Args:
        field: probabilities of the cells of one frustum.
        threshold: probability from which on a cell is called solid.
        frustum: cells that are farther away are larger.
    """
    depth = (torch.arange(len(field), device=field.device) + 0.5) / len(field)
    volume = (1 + (depth[:, None, None] - 0.5) * frustum.extent / frustum.focal) ** 2
    called = field >= threshold
    right = (field * called * volume).sum()
    either = (torch.where(called, 1.0, field) * volume).sum()
    return float(right / either.clamp_min(1e-9))


def confidence(overlap: float) -> float:
    """Chance that a shape has an F-score above .6 at 5 % of its diagonal, by its expected overlap.

    Fitted to pictures of validation shapes, drawn before a plain background; real photographs are harder.
    """
    return 1 / (1 + math.exp(-_SLOPE * (overlap - _MIDDLE)))
