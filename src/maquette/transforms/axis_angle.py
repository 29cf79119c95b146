"""Rotations as axis times angle, in radians, and what they are as matrices and quaternions."""

import math

import torch
from torch import Tensor

from .quaternions import matrix_to_quaternion


def cross_product_matrix(vectors: Tensor) -> Tensor:
    """Matrices K (..., 3, 3) with K x = v x x (cross product) for vectors v (..., 3)."""
    x, y, z = vectors.unbind(-1)
    zero = torch.zeros_like(x)
    matrices: Tensor = torch.stack((zero, -z, y, z, zero, -x, -y, x, zero), dim=-1).unflatten(-1, (3, 3))
    return matrices


def axis_angle_to_matrix(axis_angle: Tensor, fast: bool = False) -> Tensor:
    """Rotation matrices by Rodrigues' formula: R = I + sin(a)/a K + (1 - cos a)/a^2 K^2.

    The last factor is computed as half the square of sin(a/2)/(a/2), which loses no digits at small angles.

    Args:
        axis_angle: (..., 3); the length is the angle in radians.
        fast: accepted for PyTorch3D's sake; there is only one way here.

    Returns:
        (..., 3, 3), for column vectors.
    """
    turns = torch.linalg.vector_norm(axis_angle, dim=-1)[..., None, None] / math.pi
    cross = cross_product_matrix(axis_angle)
    identity = torch.eye(3, dtype=axis_angle.dtype, device=axis_angle.device)
    return identity + torch.sinc(turns) * cross + 0.5 * torch.sinc(turns / 2) ** 2 * (cross @ cross)


def matrix_to_axis_angle(matrix: Tensor, fast: bool = False) -> Tensor:
    """Axis times angle in [0, pi] of rotation matrices, exact also at 0 and pi.

    Args:
        matrix: (..., 3, 3), for column vectors.
        fast: accepted for PyTorch3D's sake; there is only one way here, through quaternions.

    Returns:
        (..., 3), lengths in radians.

    Raises:
        ValueError: another shape.
    """
    return quaternion_to_axis_angle(matrix_to_quaternion(matrix))


def axis_angle_to_quaternion(axis_angle: Tensor) -> Tensor:
    """Unit quaternions (..., 4), real part first, of axis times angle (..., 3), in radians."""
    half = 0.5 * torch.linalg.vector_norm(axis_angle, dim=-1, keepdim=True)
    return torch.cat((torch.cos(half), 0.5 * torch.sinc(half / math.pi) * axis_angle), dim=-1)


def quaternion_to_axis_angle(quaternions: Tensor) -> Tensor:
    """Axis times angle in [0, 2 pi] of quaternions; the quaternion 0 gives 0.

    Differs from PyTorch3D where quaternions have not unit length: the length does not matter here.

    Args:
        quaternions: (..., 4), real part first.

    Returns:
        (..., 3), lengths in radians.
    """
    real, imag = quaternions[..., :1], quaternions[..., 1:]
    sine = torch.linalg.vector_norm(imag, dim=-1, keepdim=True)
    tiny = 1e-12  # below this sine of half the angle, angle / sine is taken to be its limit
    turned = sine > tiny
    safe_sine = torch.where(turned, sine, 1.0)
    safe_real = torch.where(real.abs() > tiny, real, 1.0)
    return imag * torch.where(turned, 2 * torch.atan2(safe_sine, real) / safe_sine, 2 / safe_real)
