"""Arc cosine with finite slope."""

import torch
from torch import Tensor

DEFAULT_ACOS_BOUND: float = 1.0 - 1e-4


def acos_linear_extrapolation(
    x: Tensor, bounds: tuple[float, float] = (-DEFAULT_ACOS_BOUND, DEFAULT_ACOS_BOUND)
) -> Tensor:
    """arccos between two bounds, continued beyond them along its tangents.

    The slope of arccos is infinite at -1 and 1; this function has finite values and slopes everywhere.

    Args:
        x: cosines, any shape; may lie outside [-1, 1].
        bounds: where the tangents touch, -1 < lower <= upper < 1.

    Returns:
        angles in radians, of the shape of `x`.

    Raises:
        ValueError: bounds in the wrong order or not inside (-1, 1).
    """
    lower, upper = bounds
    if lower > upper:
        raise ValueError("lower bound has to be smaller or equal to upper bound.")
    if lower <= -1.0 or upper >= 1.0:
        raise ValueError("Both lower bound and upper bound have to be within (-1, 1).")
    inside = x.clamp(lower, upper)
    slope = -torch.rsqrt(1 - inside.detach() ** 2)
    return torch.acos(inside) + slope * (x - inside)
