"""Rotations as three angles about axes of the coordinate system."""

import torch
from torch import Tensor

from .quaternions import require_3x3


def axis_rotation(axis: int, angle: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3), for column vectors, about axis 0, 1 or 2 by angles (...) in radians."""
    second, third = (axis + 1) % 3, (axis + 2) % 3
    cos, sin = torch.cos(angle), torch.sin(angle)
    entries = [torch.zeros_like(angle)] * 9
    entries[4 * axis] = torch.ones_like(angle)
    entries[4 * second] = entries[4 * third] = cos
    entries[3 * second + third], entries[3 * third + second] = -sin, sin
    return torch.stack(entries, dim=-1).view(list(angle.shape) + [3, 3])  # noqa: RUF005 - unpacking cannot be scripted


def euler_angles_to_matrix(euler_angles: Tensor, convention: str) -> Tensor:
    """The product of three rotations about coordinate axes, the first angle's being the leftmost.

    Args:
        euler_angles: (..., 3), in radians.
        convention: three of the letters X, Y, Z, neighbours being different.

    Returns:
        (..., 3, 3), for column vectors.

    Raises:
        ValueError: another shape or convention.
    """
    if euler_angles.dim() == 0 or euler_angles.shape[-1] != 3:
        raise ValueError("Invalid input euler angles.")
    i, j, k = _axes(convention)
    first, second = axis_rotation(i, euler_angles[..., 0]), axis_rotation(j, euler_angles[..., 1])
    return first @ second @ axis_rotation(k, euler_angles[..., 2])


def matrix_to_euler_angles(matrix: Tensor, convention: str) -> Tensor:
    """Angles of three rotations about coordinate axes whose product is the given rotation.

    R = A(a) B(b) C(c), axes (i, j, k). C leaves e_k alone, so R e_k shows a and then, turned back by A, b;
    row j of what remains shows c. Unlike in PyTorch3D, the angles give back R also where the first and third
    axis coincide (gimbal lock; a is then 0), and gradients are finite there.

    Args:
        matrix: (..., 3, 3), for column vectors.
        convention: three of the letters X, Y, Z, neighbours being different.

    Returns:
        (..., 3), in radians: the second in [-pi/2, pi/2], or in [0, pi] where the first axis is the last too.

    Raises:
        ValueError: another shape or convention.
    """
    i, j, k = _axes(convention)
    require_3x3(matrix)
    other = 3 - i - j
    seen = matrix[..., k] if k == other else _sign(j, i) * matrix[..., k]
    a = _angle(seen[..., other], _sign(i, other) * seen[..., j])
    rest = axis_rotation(i, -a) @ matrix
    b = _angle(rest[..., k, k], _sign(j, k) * rest[..., 3 - j - k, k])
    c = _angle(rest[..., j, j], -_sign(k, j) * rest[..., j, 3 - j - k])
    return torch.stack((a, b, c), dim=-1)


def _axes(convention: str) -> tuple[int, int, int]:
    if len(convention) != 3:
        raise ValueError("Convention must have 3 letters.")
    if convention[1] in (convention[0], convention[2]):
        raise ValueError(f"Invalid convention {convention}.")
    for letter in convention:
        if letter not in "XYZ":
            raise ValueError(f"Invalid letter {letter} in convention string.")
    return "XYZ".find(convention[0]), "XYZ".find(convention[1]), "XYZ".find(convention[2])


def _sign(axis: int, other: int) -> int:
    """Rotation about `axis` takes e_other towards sign * the third axis."""
    return 1 if (other - axis) % 3 == 1 else -1


def _angle(cos: Tensor, sin: Tensor) -> Tensor:
    """Angle of the direction (cos, sin), of any length; 0, with gradient 0, where there is none."""
    tiny = 2e-7 if cos.dtype == torch.float32 else 4e-16
    none = (cos.abs() < tiny) & (sin.abs() < tiny)
    return torch.atan2(torch.where(none, 0.0, sin), torch.where(none, 1.0, cos))
