"""Quaternions: their algebra, and conversion from and to rotation matrices."""

import torch
from torch import Tensor


def require_3x3(matrix: Tensor) -> None:
    """
    Raises:
        ValueError: not matrices (..., 3, 3).
    """
    if matrix.shape[-2:] != (3, 3):
        raise ValueError(f"Invalid rotation matrix shape {matrix.shape}.")


def quaternion_to_matrix(quaternions: Tensor) -> Tensor:
    """Rotation matrices of quaternions of any length; the quaternion 0 gives the identity.

    R = I + 2 / |q|^2 (w K + K^2), where K is the cross product with the imaginary part.

    Args:
        quaternions: (..., 4), real part first.

    Returns:
        (..., 3, 3), for column vectors.
    """
    square = (quaternions * quaternions).sum(dim=-1)
    positive = square > 0
    two = torch.where(positive, 2.0 / torch.where(positive, square, 1.0), 0.0)
    w, x, y, z = quaternions.unbind(-1)
    entries = (
        *(1 - two * (y * y + z * z), two * (x * y - z * w), two * (x * z + y * w)),
        *(two * (x * y + z * w), 1 - two * (x * x + z * z), two * (y * z - x * w)),
        *(two * (x * z - y * w), two * (y * z + x * w), 1 - two * (x * x + y * y)),
    )
    matrices: Tensor = torch.stack(entries, dim=-1).unflatten(-1, (3, 3))
    return matrices


def matrix_to_quaternion(matrix: Tensor) -> Tensor:
    """Unit quaternions with real part >= 0 of rotation matrices.

    The entries of R give the sixteen products 4 q_i q_j. The row with the largest square, which is at least
    1 since the squares add up to 4, is divided by the root of its square (Shepperd's method), so that nothing
    is ever divided by a small number.

    Args:
        matrix: (..., 3, 3), for column vectors.

    Returns:
        (..., 4), real part first.

    Raises:
        ValueError: another shape.
    """
    require_3x3(matrix)
    xx, xy, xz, yx, yy, yz, zx, zy, zz = matrix.flatten(-2).unbind(-1)
    wx, wy, wz = zy - yz, xz - zx, yx - xy
    products = [
        torch.stack((1 + xx + yy + zz, wx, wy, wz), dim=-1),
        torch.stack((wx, 1 + xx - yy - zz, yx + xy, xz + zx), dim=-1),
        torch.stack((wy, yx + xy, 1 - xx + yy - zz, zy + yz), dim=-1),
        torch.stack((wz, zx + xz, zy + yz, 1 - xx - yy + zz), dim=-1),
    ]
    rows = torch.stack(products, dim=-2)
    largest = rows.diagonal(dim1=-2, dim2=-1).argmax(dim=-1, keepdim=True)
    row = torch.take_along_dim(rows, largest[..., None], dim=-2).squeeze(-2)
    return standardize_quaternion(row / (2 * row.gather(-1, largest).sqrt()))


def standardize_quaternion(quaternions: Tensor) -> Tensor:
    """The same rotations (..., 4), by quaternions whose real part is not negative."""
    return torch.where(quaternions[..., :1] < 0, -quaternions, quaternions)


def quaternion_raw_multiply(a: Tensor, b: Tensor) -> Tensor:
    """Hamilton product a b of quaternions (..., 4), real part first; batches broadcast."""
    real_a, real_b = a[..., :1], b[..., :1]
    imag_a, imag_b = torch.broadcast_tensors(a[..., 1:], b[..., 1:])
    real = real_a * real_b - (imag_a * imag_b).sum(dim=-1, keepdim=True)
    imag = real_a * imag_b + real_b * imag_a + torch.linalg.cross(imag_a, imag_b)
    return torch.cat((real, imag), dim=-1)


def quaternion_multiply(a: Tensor, b: Tensor) -> Tensor:
    """Rotation b followed by rotation a: the product a b (..., 4), with real part >= 0; batches broadcast."""
    return standardize_quaternion(quaternion_raw_multiply(a, b))


def quaternion_invert(quaternion: Tensor) -> Tensor:
    """Inverses of unit quaternions (..., 4), real part first: their conjugates."""
    return torch.cat((quaternion[..., :1], -quaternion[..., 1:]), dim=-1)


def quaternion_apply(quaternion: Tensor, point: Tensor) -> Tensor:
    """Rotate points by unit quaternions: the imaginary part of q p q*; batches broadcast.

    Args:
        quaternion: (..., 4), real part first.
        point: (..., 3).

    Returns:
        (..., 3).

    Raises:
        ValueError: points of another dimension.
    """
    if point.size(-1) != 3:
        raise ValueError(f"Points are not in 3D, {point.shape}.")
    real = quaternion[..., :1]
    imag, point = torch.broadcast_tensors(quaternion[..., 1:], point)
    parallel = (imag * point).sum(dim=-1, keepdim=True) * imag
    stretch = real * real - (imag * imag).sum(dim=-1, keepdim=True)
    rotated: Tensor = stretch * point + 2 * (parallel + real * torch.linalg.cross(imag, point))
    return rotated
