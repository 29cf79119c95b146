"""K nearest neighbours between point clouds, and gathering what belongs to the neighbours."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int, Shaped
from torch import Tensor

from maquette.kernels.knn import nearest_neighbours


class KNN(NamedTuple):
    """Result of a neighbour search.

    dists: (N, P1, K) distances: squared for norm 2, sums of absolute differences for norm 1.
    idx: (N, P1, K) indices into the second cloud.
    knn: (N, P1, K, D) the neighbours themselves, or None where they were not asked for.
    """

    dists: Tensor
    idx: Tensor
    knn: Tensor | None


_KNN = KNN


def knn_points(
    p1: Tensor,
    p2: Tensor,
    lengths1: Int[Tensor, " batch"] | None = None,
    lengths2: Int[Tensor, " batch"] | None = None,
    norm: int = 2,
    K: int = 1,
    version: int = -1,
    return_nn: bool = False,
    return_sorted: bool = True,
) -> KNN:
    """For each point of `p1` the `K` nearest points of `p2` in the same batch element.

    Exact; among equal distances the smaller index comes first. Rows are always sorted by distance, whatever
    `return_sorted` says. In up to three dimensions a k-d tree is searched, so the cost grows nearly linearly.

    Args:
        p1: (N, P1, D) query points. p2: (N, P2, D) points to choose from.
        lengths1, lengths2: (N,) how many points of each padded cloud count; all of them by default.
        norm: 2 for squared Euclidean distances, 1 for sums of absolute differences.
        K: neighbours a query.
        version: accepted for compatibility; there is one algorithm.
        return_nn: whether to gather the neighbours too.
        return_sorted: accepted for compatibility.

    Returns:
        `(dists, idx, knn)`, see `KNN`. Entries of padding queries, and of neighbours that a cloud with
        fewer than K points lacks, are zero. `dists` is differentiable with respect to both clouds. float64
        clouds are searched in float32 about their own centre and their distances then computed in float64.

    Raises:
        ValueError: when batch sizes or dimensions differ, a length is none of its cloud, or the norm is neither 1
            nor 2.
    """
    if p1.shape[0] != p2.shape[0]:
        raise ValueError(f"Both clouds need the same batch size, not {p1.shape[0]} and {p2.shape[0]}.")
    if p1.shape[2] != p2.shape[2]:
        raise ValueError(f"Points of both clouds need one dimension, not {p1.shape[2]} and {p2.shape[2]}.")
    if norm not in (1, 2):
        raise ValueError("Support for 1 or 2 norm.")
    lengths1, lengths2 = checked_lengths(p1, lengths1), checked_lengths(p2, lengths2)
    if torch.promote_types(p1.dtype, p2.dtype) == torch.float64:
        dists, idx = _neighbours_in_float64(p1, p2, lengths1, lengths2, norm, K)
    else:
        dists, idx = nearest_neighbours(p1, p2, lengths1, lengths2, norm, K)
    return KNN(dists, idx, knn_gather(p2, idx, lengths2) if return_nn else None)


def full_lengths(points: Float[Tensor, "batch point dim"]) -> Int[Tensor, " batch"]:
    """Lengths of padded clouds that are all full."""
    batch, count, _ = points.shape
    return torch.full((batch,), count, dtype=torch.int64, device=points.device)


def checked_lengths(
    points: Float[Tensor, "batch point dim"], lengths: Tensor | None
) -> Shaped[Tensor, " batch"]:
    """Lengths of padded clouds, on their device; all full by default.

    Raises:
        ValueError: another shape than (N,), or a length that is negative or larger than P.
    """
    if lengths is None:
        return full_lengths(points)
    batch, count, _ = points.shape
    if lengths.shape != (batch,):
        raise ValueError("points and lengths must have same batch dimension.")
    if batch > 0:
        low, high = (bound.item() for bound in lengths.aminmax())
        if not high <= count:
            raise ValueError("A value in lengths was too large.")
        if low < 0:
            raise ValueError("A value in lengths was negative.")
    return lengths.to(points.device)


def _neighbours_in_float64(
    p1: Tensor, p2: Tensor, lengths1: Tensor, lengths2: Tensor, norm: int, count: int
) -> tuple[Tensor, Tensor]:
    with torch.no_grad():
        centre = p2.mean(dim=1, keepdim=True) if p2.shape[1] > 0 else p2.new_zeros(())
        _, idx = nearest_neighbours(p1 - centre, p2 - centre, lengths1, lengths2, norm, count)
    if p2.shape[1] == 0:
        return p1.new_zeros(idx.shape), idx
    step = p1[:, :, None] - knn_gather(p2, idx)
    dists = step.square().sum(dim=3) if norm == 2 else step.abs().sum(dim=3)
    row = torch.arange(p1.shape[1], device=p1.device)[:, None] < lengths1[:, None, None]
    column = torch.arange(count, device=p1.device) < lengths2[:, None, None]
    return torch.where(row & column, dists, 0.0), idx


def knn_gather(
    x: Tensor, idx: Int[Tensor, "batch query k"], lengths: Int[Tensor, " batch"] | None = None
) -> Float[Tensor, "batch query k feature"]:
    """What belongs to the neighbours that `knn_points` found: `out[n, i, k] = x[n, idx[n, i, k]]`.

    Args:
        x: (N, M, U) features of the points searched.
        idx: (N, L, K) indices from `knn_points`.
        lengths: (N,) how many points of each cloud count; neighbours k >= lengths[n] come out as zero.

    Raises:
        ValueError: when the batch sizes differ.
    """
    if x.shape[0] != idx.shape[0]:
        raise ValueError(
            f"Features and indices need the same batch size, not {x.shape[0]} and {idx.shape[0]}."
        )
    batch, queries, count = idx.shape
    if x.shape[1] == 0:
        return x.new_zeros(batch, queries, count, x.shape[2])
    rows = idx.reshape(batch, -1, 1).expand(-1, -1, x.shape[2])
    out = x.gather(1, rows).view(batch, queries, count, x.shape[2])
    if lengths is None:
        return out
    missing = torch.arange(count, device=x.device) >= lengths[:, None]
    return out.masked_fill(missing[:, None, :, None], 0.0)
