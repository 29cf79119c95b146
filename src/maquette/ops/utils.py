"""Small helpers for batches of points that several operators share."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from maquette.ops.knn import full_lengths, knn_gather, knn_points
from maquette.structures import Pointclouds


def masked_gather(points: Float[Tensor, "batch point dim"], idx: Tensor) -> Tensor:
    """Rows of `points` at `idx`, with zeros where an index is -1.

    Args:
        points: (N, P, D).
        idx: (N, K) or (N, L, K) indices into P, -1 for padding.

    Returns:
        (N, K, D) or (N, L, K, D).

    Raises:
        ValueError: when batch sizes differ or `idx` has another number of dimensions.
    """
    if len(idx) != len(points):
        raise ValueError("points and idx must have the same batch dimension")
    if idx.ndim not in (2, 3):
        raise ValueError(f"idx format is not supported {idx.shape!r}")
    batch, count, dim = points.shape
    if count == 0:
        return points.new_zeros(*idx.shape, dim)
    rows = idx.clamp(min=0).reshape(batch, -1, 1).expand(-1, -1, dim)
    taken = points.gather(1, rows).view(*idx.shape, dim)
    return taken.masked_fill((idx == -1)[..., None], 0.0)


def wmean(
    x: Tensor,
    weight: Tensor | None = None,
    dim: int | tuple[int, ...] = -2,
    keepdim: bool = True,
    eps: float = 1e-9,
) -> Tensor:
    """Mean over `dim`, weighted where weights are given.

    Args:
        x: (..., D) vectors.
        weight: non-negative, broadcastable to `x.shape[:-1]`.
        dim: dimension(s) of `x` to average over.
        keepdim: whether averaged dimensions stay, with size 1.
        eps: least sum of weights to divide by.

    Raises:
        ValueError: when the weights do not fit `x`.
    """
    if weight is None:
        return x.mean(dim=dim, keepdim=keepdim)
    pairs = zip(reversed(x.shape[:-1]), reversed(weight.shape), strict=False)
    if any(a != b and 1 not in (a, b) for a, b in pairs):
        raise ValueError("wmean: weights are not compatible with the tensor")
    weight = weight[..., None]
    total = (x * weight).sum(dim=dim, keepdim=keepdim)
    return total / weight.sum(dim=dim, keepdim=keepdim).clamp(min=eps)


def eyes(
    dim: int, N: int, device: torch.device | str | None = None, dtype: torch.dtype = torch.float32
) -> Float[Tensor, "N dim dim"]:
    """`N` identity matrices of `dim` x `dim`."""
    return torch.eye(dim, device=device, dtype=dtype).repeat(N, 1, 1)


def convert_pointclouds_to_tensor(pcl: Any) -> tuple[Tensor, Tensor]:
    """Padded points (N, P, D) and their numbers (N,) of a `Pointclouds` or a padded tensor.

    Raises:
        ValueError: when `pcl` is neither.
    """
    if is_pointclouds(pcl):
        return pcl.points_padded(), pcl.num_points_per_cloud()
    if isinstance(pcl, Tensor):
        return pcl, full_lengths(pcl)
    raise ValueError("The inputs X, Y should be either Pointclouds objects or tensors.")


def is_pointclouds(pcl: Any) -> bool:
    """Whether `pcl` can be used as a `Pointclouds`: has padded points and their numbers."""
    return isinstance(pcl, Pointclouds) or (
        hasattr(pcl, "points_padded") and hasattr(pcl, "num_points_per_cloud")
    )


def get_point_covariances(
    points_padded: Float[Tensor, "batch point dim"],
    num_points_per_cloud: Int[Tensor, " batch"],
    neighborhood_size: int,
) -> tuple[Float[Tensor, "batch point dim dim"], Float[Tensor, "batch point k dim"]]:
    """Covariance of the `neighborhood_size` nearest neighbours of each point, itself among them.

    Returns:
        Covariances, and the neighbours they were computed from.
    """
    found = knn_points(
        points_padded,
        points_padded,
        lengths1=num_points_per_cloud,
        lengths2=num_points_per_cloud,
        K=neighborhood_size,
    )
    neighbours = knn_gather(points_padded, found.idx, num_points_per_cloud)
    centred = neighbours - neighbours.mean(dim=2, keepdim=True)
    return centred.transpose(2, 3) @ centred / neighborhood_size, neighbours
