"""Rotations as six numbers, without jumps (Zhou et al., CVPR 2019, arXiv 1812.07035)."""

import torch
import torch.nn.functional as F
from torch import Tensor


def rotation_6d_to_matrix(d6: Tensor) -> Tensor:
    """Rotation matrices whose first two rows are two vectors made orthonormal (Gram and Schmidt).

    Args:
        d6: (..., 6): two vectors, neither 0 nor parallel.

    Returns:
        (..., 3, 3).
    """
    first, second = d6[..., :3], d6[..., 3:]
    x = F.normalize(first, dim=-1)
    y = F.normalize(second - (x * second).sum(dim=-1, keepdim=True) * x, dim=-1)
    return torch.stack((x, y, torch.linalg.cross(x, y)), dim=-2)


def matrix_to_rotation_6d(matrix: Tensor) -> Tensor:
    """The first two rows of matrices (..., 3, 3), as a new tensor (..., 6)."""
    return matrix[..., :2, :].clone().flatten(-2)
