"""Neighbours within a radius."""

from jaxtyping import Int
from torch import Tensor

from maquette.kernels.ball_query import points_within
from maquette.ops.knn import KNN, checked_lengths
from maquette.ops.utils import masked_gather


def ball_query(
    p1: Tensor,
    p2: Tensor,
    lengths1: Int[Tensor, " batch"] | None = None,
    lengths2: Int[Tensor, " batch"] | None = None,
    K: int = 500,
    radius: float = 0.2,
    return_nn: bool = True,
    skip_points_outside_cube: bool = False,
) -> KNN:
    """For each point of `p1` the first `K` points of `p2`, in index order, that lie nearer than `radius`.

    The grouping of PointNet++ (Qi et al., NeurIPS 2017): not the nearest K, but any K of a fixed
    neighbourhood. Computed in float32.

    Args:
        p1: (N, P1, D) centres. p2: (N, P2, D) points to choose from.
        lengths1, lengths2: (N,) how many points of each padded cloud count; all of them by default.
        K: most neighbours a centre.
        radius: neighbours lie strictly nearer than this.
        return_nn: whether to gather the neighbours too.
        skip_points_outside_cube: accepted for compatibility; it never changes the result.

    Returns:
        `(dists, idx, knn)`: squared distances (N, P1, K), padded with 0; indices (N, P1, K), padded with -1;
        neighbours (N, P1, K, D), padded with 0, or None.

    Raises:
        ValueError: when batch sizes or dimensions differ, or a length is none of its cloud.
    """
    if p1.shape[0] != p2.shape[0]:
        raise ValueError(f"Both clouds need the same batch size, not {p1.shape[0]} and {p2.shape[0]}.")
    if p1.shape[2] != p2.shape[2]:
        raise ValueError(f"Points of both clouds need one dimension, not {p1.shape[2]} and {p2.shape[2]}.")
    lengths1, lengths2 = checked_lengths(p1, lengths1), checked_lengths(p2, lengths2)
    dists, idx = points_within(p1, p2, lengths1, lengths2, K, radius)
    return KNN(dists, idx, masked_gather(p2, idx) if return_nn else None)
