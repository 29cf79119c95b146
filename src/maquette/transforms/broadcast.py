"""Products of batched matrices in which a batch of one repeats."""

import torch
from torch import Tensor


def same_dtype(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both tensors in the more precise of their types."""
    dtype = torch.promote_types(a.dtype, b.dtype)
    return a.to(dtype), b.to(dtype)


def matched(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Two batches (N, ...) and (M, ...) of matrices, ready for a product: of one type and one batch size.

    Raises:
        ValueError: batch sizes that differ, neither being 1.
    """
    if len(a) != len(b) and 1 not in (len(a), len(b)):
        raise ValueError(f"Expected batch dim for bmm to be equal or 1; got {a.shape!r}, {b.shape!r}")
    batch = len(b) if len(a) == 1 else len(a)
    a, b = same_dtype(a, b)
    return a.expand(batch, *a.shape[1:]), b.expand(batch, *b.shape[1:])


def batched_product(a: Tensor, b: Tensor) -> Tensor:
    """a @ b for (N, P, K) and (M, K, L), where N = M or one of them is 1; never in reduced precision.

    Raises:
        ValueError: batch sizes that differ, neither being 1.
    """
    a, b = matched(a, b)
    with torch.autocast(a.device.type, enabled=False):
        return torch.bmm(a, b)


def apply_homogeneous(points: Tensor, matrix: Tensor) -> Tensor:
    """[points, 1] @ matrix for points (N, P, 3) and matrices (M, 4, 4), where N = M or one of them is 1.

    Returns:
        homogeneous points (max(N, M), P, 4).

    Raises:
        ValueError: batch sizes that differ, neither being 1.
    """
    points, matrix = matched(points, matrix)
    with torch.autocast(points.device.type, enabled=False):
        return torch.baddbmm(matrix[:, 3:], points, matrix[:, :3])
