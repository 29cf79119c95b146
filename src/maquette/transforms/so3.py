"""Rotations and their logarithms: vectors along the axis, as long as the angle in radians."""

import warnings

import torch
from torch import Tensor

from .axis_angle import axis_angle_to_matrix, cross_product_matrix, matrix_to_axis_angle
from .math import acos_linear_extrapolation

_SKEW_TOLERANCE = 1e-5


def so3_exp_map(log_rot: Tensor, eps: float = 0.0001) -> Tensor:
    """Rotation matrices of logarithms: the matrix exponential of `hat(log_rot)`.

    Args:
        log_rot: (N, 3), lengths in radians.
        eps: accepted for PyTorch3D's sake; nothing is clamped here.

    Returns:
        (N, 3, 3), for column vectors.

    Raises:
        ValueError: another shape.
    """
    if log_rot.ndim != 2 or log_rot.shape[1] != 3:
        raise ValueError("Input tensor shape has to be Nx3.")
    return axis_angle_to_matrix(log_rot)


def so3_exponential_map(log_rot: Tensor, eps: float = 0.0001) -> Tensor:
    """Old name of `so3_exp_map`."""
    warnings.warn(
        "so3_exponential_map is deprecated, use so3_exp_map instead.", PendingDeprecationWarning, stacklevel=2
    )
    return so3_exp_map(log_rot, eps)


def so3_log_map(R: Tensor, eps: float = 0.0001, cos_bound: float = 1e-4) -> Tensor:
    """Logarithms of rotation matrices; inverse of `so3_exp_map` for angles up to pi.

    Args:
        R: (N, 3, 3), for column vectors.
        eps: accepted for PyTorch3D's sake; nothing is clamped here.
        cos_bound: likewise.

    Returns:
        (N, 3), lengths in [0, pi].

    Raises:
        ValueError: another shape.
    """
    _require_batch_of_3x3(R)
    return matrix_to_axis_angle(R)


def so3_rotation_angle(
    R: Tensor, eps: float = 1e-4, cos_angle: bool = False, cos_bound: float = 1e-4
) -> Tensor:
    """Angles of rotations: arccos((trace(R) - 1) / 2).

    Args:
        R: (N, 3, 3).
        eps: how far a trace may lie outside [-1, 3].
        cos_angle: return the cosines of the angles instead.
        cos_bound: where the cosine is nearer to -1 or 1 than this, arccos continues along its tangent, which
            keeps gradients finite at angles 0 and pi; 0 for the arccos itself.

    Returns:
        (N,), in radians.

    Raises:
        ValueError: another shape, or a trace that no rotation has.
    """
    _require_batch_of_3x3(R)
    trace = R.diagonal(dim1=1, dim2=2).sum(dim=1)
    if ((trace < -1.0 - eps) | (trace > 3.0 + eps)).any():
        raise ValueError("A matrix has trace outside valid range [-1-eps,3+eps].")
    cosine = (trace - 1.0) / 2
    if cos_angle:
        return cosine
    if cos_bound > 0.0:
        return acos_linear_extrapolation(cosine, (cos_bound - 1.0, 1.0 - cos_bound))
    return torch.acos(cosine)


def so3_relative_angle(
    R1: Tensor, R2: Tensor, cos_angle: bool = False, cos_bound: float = 1e-4, eps: float = 1e-4
) -> Tensor:
    """Angles of the rotations R1 R2^T that lead from R2 to R1: the distance on the sphere of rotations.

    Args:
        R1: (N, 3, 3).
        R2: (N, 3, 3).
        cos_angle: see `so3_rotation_angle`, as the following.
        cos_bound: likewise.
        eps: likewise.

    Returns:
        (N,), in radians.

    Raises:
        ValueError: another shape, or not rotations.
    """
    between = torch.bmm(R1, R2.transpose(1, 2))
    return so3_rotation_angle(between, cos_angle=cos_angle, cos_bound=cos_bound, eps=eps)


def hat(v: Tensor) -> Tensor:
    """Skew-symmetric matrices (N, 3, 3) that take the cross product: hat(v) x = v x x, for vectors (N, 3).

    Raises:
        ValueError: another shape.
    """
    if v.ndim != 2 or v.shape[1] != 3:
        raise ValueError("Input vectors have to be 3-dimensional.")
    return cross_product_matrix(v)


def hat_inv(h: Tensor) -> Tensor:
    """Vectors (N, 3) of skew-symmetric matrices (N, 3, 3); inverse of `hat`.

    Raises:
        ValueError: another shape, or matrices that differ from skew-symmetric ones by more than 1e-5.
    """
    _require_batch_of_3x3(h)
    if ((h + h.transpose(1, 2)).abs() > _SKEW_TOLERANCE).any():
        raise ValueError("One of input matrices is not skew-symmetric.")
    return torch.stack((h[:, 2, 1], h[:, 0, 2], h[:, 1, 0]), dim=1)


def _require_batch_of_3x3(matrices: Tensor) -> None:
    if matrices.ndim != 3 or matrices.shape[1:] != (3, 3):
        raise ValueError("Input has to be a batch of 3x3 Tensors.")
