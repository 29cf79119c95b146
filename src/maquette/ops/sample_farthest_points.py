"""Farthest point sampling of point clouds."""

import torch
from jaxtyping import Float
from torch import Tensor

from maquette.kernels.farthest_points import farthest_indices
from maquette.ops.knn import checked_lengths
from maquette.ops.utils import masked_gather


def sample_farthest_points(
    points: Float[Tensor, "batch point dim"],
    lengths: Tensor | None = None,
    K: int | list[int] | Tensor = 50,
    random_start_point: bool = False,
) -> tuple[Tensor, Tensor]:
    """`K` points a cloud, each the one farthest from all chosen before it.

    As in PointNet++ (Qi et al., NeurIPS 2017). The choice is made in float32; among equally far points the
    smallest index wins. The points are differentiable.

    Args:
        points: (N, P, D) padded clouds.
        lengths: (N,) how many points of each cloud count; all of them by default.
        K: points to choose from every cloud, or a list or tensor (N,) of numbers.
        random_start_point: whether to start at a random point instead of the first.

    Returns:
        Chosen points (N, max K, D), padded with 0, and their indices (N, max K), padded with -1 where a
        cloud wants or has fewer points.

    Raises:
        ValueError: when `lengths` or `K` do not fit the batch, or a length is none of its cloud.
    """
    lengths, samples = _check(points, lengths, K)
    if random_start_point:
        share = torch.rand(len(points), device=points.device)
        begin = (share * lengths).long().clamp(max=lengths - 1).clamp(min=0)
    else:
        begin = torch.zeros_like(lengths)
    most = K if isinstance(K, int) else int(samples.max()) if len(samples) > 0 else 0
    idx = farthest_indices(points, lengths, samples, begin, most)
    return masked_gather(points, idx), idx


def sample_farthest_points_naive(
    points: Float[Tensor, "batch point dim"],
    lengths: Tensor | None = None,
    K: int | list[int] | Tensor = 50,
    random_start_point: bool = False,
) -> tuple[Tensor, Tensor]:
    """Like `sample_farthest_points`, cloud by cloud in plain torch; slow, and easy to read."""
    lengths, samples = _check(points, lengths, K)
    most = int(samples.max()) if len(samples) > 0 else 0
    idx = torch.full((len(points), most), -1, dtype=torch.int64, device=points.device)
    each = zip(points.detach(), lengths.tolist(), samples.tolist(), idx, strict=True)
    for cloud, count, wanted, row in each:
        nearest = cloud.new_full((count,), torch.inf)
        taken = int(torch.randint(count, ())) if random_start_point and count > 0 else 0
        for k in range(min(count, wanted)):
            row[k] = taken
            nearest = torch.minimum(nearest, (cloud[:count] - cloud[taken]).square().sum(dim=1))
            taken = int(nearest.argmax())
    return masked_gather(points, idx), idx


def _check(points: Tensor, lengths: Tensor | None, K: int | list[int] | Tensor) -> tuple[Tensor, Tensor]:
    batch = len(points)
    lengths = checked_lengths(points, lengths)
    samples = torch.full((batch,), K) if isinstance(K, int) else torch.as_tensor(K)
    if samples.shape[0] != batch:
        raise ValueError("K and points must have the same batch dimension")
    return lengths.long(), samples.to(points.device, torch.int64)
