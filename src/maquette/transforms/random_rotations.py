"""Rotations drawn evenly from all rotations."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..structures.device import Device
from .quaternions import quaternion_to_matrix, standardize_quaternion


def random_quaternions(n: int, dtype: torch.dtype | None = None, device: Device | None = None) -> Tensor:
    """Unit quaternions (n, 4), real part first and >= 0, evenly distributed over rotations.

    Args:
        n: how many.
        dtype: torch's default when None.
        device: torch's default when None.
    """
    return standardize_quaternion(F.normalize(torch.randn((n, 4), dtype=dtype, device=device), dim=1))


def random_rotations(n: int, dtype: torch.dtype | None = None, device: Device | None = None) -> Tensor:
    """Rotation matrices (n, 3, 3), evenly distributed; arguments as of `random_quaternions`."""
    return quaternion_to_matrix(random_quaternions(n, dtype=dtype, device=device))


def random_rotation(dtype: torch.dtype | None = None, device: Device | None = None) -> Tensor:
    """One rotation matrix (3, 3), evenly distributed; arguments as of `random_quaternions`."""
    return random_rotations(1, dtype, device)[0]
