"""Rigid motions and their logarithms.

A logarithm is (u, w): w is that of the rotation and V(w) u the translation, where V is the mean of the
rotations by t w for t in [0, 1] (Blanco, A tutorial on SE(3) transformation parameterizations, 9.4.2):

    V = I + (1 - cos a)/a^2 K + (a - sin a)/a^3 K^2,      V^-1 = I - K/2 + (1 - a/2 cot(a/2))/a^2 K^2,

a = |w|, K = hat(w). Small angles use the power series of the factors, so nothing is clamped.
"""

import math

import torch
from torch import Tensor

from .axis_angle import cross_product_matrix
from .so3 import so3_exp_map, so3_log_map

_SMALL_ANGLE = 0.5  # radians; there the series below are exact to 1e-15
_SINE_SERIES = tuple((-1) ** n / math.factorial(2 * n + 3) for n in range(6))
_COTANGENT_SERIES = (
    1 / 12,
    1 / 720,
    1 / 30240,
    1 / 1209600,
    1 / 47900160,
    691 / 1307674368000,
    1 / 74724249600,
)


def se3_exp_map(log_transform: Tensor, eps: float = 1e-4) -> Tensor:
    """Matrices of rigid motions of their logarithms.

    Args:
        log_transform: (N, 6): three numbers for the translation, three for the rotation (radians).
        eps: accepted for PyTorch3D's sake; nothing is clamped here.

    Returns:
        (N, 4, 4), for row vectors: the translation is in the last row.

    Raises:
        ValueError: another shape.
    """
    if log_transform.ndim != 2 or log_transform.shape[1] != 6:
        raise ValueError("Expected input to be of shape (N, 6).")
    log_translation, log_rotation = log_transform.split(3, dim=1)
    square = (log_rotation * log_rotation).sum(dim=1)
    cross = cross_product_matrix(log_rotation)
    half_turns = (square.where(square > 0, 1.0).sqrt() * (square > 0))[:, None, None] / (2 * math.pi)
    mean = _identity(cross) + 0.5 * torch.sinc(half_turns) ** 2 * cross
    mean = mean + _sine_factor(square)[:, None, None] * (cross @ cross)
    translation = (mean @ log_translation[:, :, None]).transpose(1, 2)
    rows = torch.cat((so3_exp_map(log_rotation).transpose(1, 2), translation), dim=1)
    last_column = rows.new_tensor([[0.0], [0.0], [0.0], [1.0]]).expand(len(rows), 4, 1)
    return torch.cat((rows, last_column), dim=2)


def se3_log_map(transform: Tensor, eps: float = 1e-4, cos_bound: float = 1e-4) -> Tensor:
    """Logarithms of rigid motions; inverse of `se3_exp_map` for rotation angles up to pi.

    Args:
        transform: (N, 4, 4), for row vectors: the translation is in the last row.
        eps: accepted for PyTorch3D's sake; nothing is clamped here.
        cos_bound: likewise.

    Returns:
        (N, 6): three numbers for the translation, three for the rotation (radians).

    Raises:
        ValueError: another shape, or a last column other than (0, 0, 0, anything).
    """
    if transform.ndim != 3 or transform.shape[1:] != (4, 4):
        raise ValueError("Input tensor shape has to be (N, 4, 4).")
    if not (transform[:, :3, 3].abs() <= 1e-8).all():
        raise ValueError("All elements of `transform[:, :3, 3]` should be 0.")
    log_rotation = so3_log_map(transform[:, :3, :3].transpose(1, 2))
    square = (log_rotation * log_rotation).sum(dim=1)
    cross = cross_product_matrix(log_rotation)
    inverse = _identity(cross) - 0.5 * cross + _cotangent_factor(square)[:, None, None] * (cross @ cross)
    log_translation = (inverse @ transform[:, 3, :3, None]).squeeze(2)
    return torch.cat((log_translation, log_rotation), dim=1)


def _identity(like: Tensor) -> Tensor:
    return torch.eye(3, dtype=like.dtype, device=like.device)


def _sine_factor(square: Tensor) -> Tensor:
    """(a - sin a) / a^3 of a^2."""
    small = square < _SMALL_ANGLE**2
    angle = torch.where(small, 1.0, square).sqrt()
    return torch.where(small, _series(square, small, _SINE_SERIES), (angle - torch.sin(angle)) / angle**3)


def _cotangent_factor(square: Tensor) -> Tensor:
    """(1 - a/2 cot(a/2)) / a^2 of a^2, for a in [0, 2 pi)."""
    small = square < _SMALL_ANGLE**2
    half = torch.where(small, 1.0, square).sqrt() / 2
    return torch.where(
        small,
        _series(square, small, _COTANGENT_SERIES),
        (1 - half * torch.cos(half) / torch.sin(half)) / (4 * half * half),
    )


def _series(square: Tensor, small: Tensor, coefficients: tuple[float, ...]) -> Tensor:
    """Polynomial in a^2 by Horner's rule, at small angles only."""
    x = torch.where(small, square, 0.0)
    total = torch.zeros_like(x)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total
