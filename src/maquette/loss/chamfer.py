"""Chamfer distance between point clouds."""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from maquette.ops.knn import full_lengths, knn_gather, knn_points
from maquette.structures.pointclouds import Pointclouds


class _Cloud(NamedTuple):
    points: Tensor
    lengths: Tensor
    normals: Tensor | None


def chamfer_distance(
    x: object,
    y: object,
    x_lengths: Tensor | None = None,
    y_lengths: Tensor | None = None,
    x_normals: Tensor | None = None,
    y_normals: Tensor | None = None,
    weights: Tensor | None = None,
    batch_reduction: str | None = "mean",
    point_reduction: str | None = "mean",
    norm: int = 2,
    single_directional: bool = False,
    abs_cosine: bool = True,
) -> tuple[Tensor | tuple[Tensor, Tensor], Tensor | tuple[Tensor, Tensor] | None]:
    """How far the points of each cloud lie from their nearest neighbours in the other, both ways added.

    With means over points, `mean_i min_j |x_i - y_j|^2 + mean_j min_i |x_i - y_j|^2` (Fan et al., "A Point
    Set Generation Network", CVPR 2017). Where both clouds have normals, the same is done for one minus the
    cosine between the normals of neighbours.

    Args:
        x, y: (N, P1, D) and (N, P2, D) tensors, or `Pointclouds`, which bring their own lengths and normals.
        x_lengths, y_lengths: (N,) how many points of each padded cloud count; all of them by default.
        x_normals, y_normals: (N, P1, 3) and (N, P2, 3).
        weights: (N,) non-negative weights of the batch elements.
        batch_reduction: "mean" (weighted), "sum" or None.
        point_reduction: "mean", "sum", "max" (Hausdorff distance, without normals) or None.
        norm: 2 for squared Euclidean distances, 1 for sums of absolute differences.
        single_directional: whether to leave out the distances from y to x.
        abs_cosine: whether opposite normals count as equal.

    Returns:
        Distance and distance of normals (None without normals). Scalars; (N,) without batch reduction;
        without point reduction values per point (N, P1), as a pair with (N, P2) unless `single_directional`.

    Raises:
        ValueError: for unknown reductions or norms, shapes that do not fit, or negative weights.
    """
    _check_reductions(batch_reduction, point_reduction)
    if norm not in (1, 2):
        raise ValueError("Support for 1 or 2 norm.")
    if point_reduction == "max" and (x_normals is not None or y_normals is not None):
        raise ValueError('Normals must be None if point_reduction is "max"')
    first, second = _as_cloud(x, x_lengths, x_normals), _as_cloud(y, y_lengths, y_normals)
    if second.points.shape[0] != first.points.shape[0] or second.points.shape[2] != first.points.shape[2]:
        raise ValueError("y does not have the correct shape.")
    _check_weights(weights, len(first.points))

    ways = [(first, second)] if single_directional else [(first, second), (second, first)]
    sides = [_one_way(a, b, weights, point_reduction, norm, abs_cosine) for a, b in ways]
    losses = [_combine([side[part] for side in sides], point_reduction) for part in (0, 1)]
    loss, loss_normals = (_reduce_batch(loss, weights, batch_reduction) for loss in losses)
    return loss, loss_normals


def _check_reductions(batch_reduction: str | None, point_reduction: str | None) -> None:
    if batch_reduction not in (None, "mean", "sum"):
        raise ValueError('batch_reduction must be one of ["mean", "sum"] or None')
    if point_reduction not in (None, "mean", "sum", "max"):
        raise ValueError('point_reduction must be one of ["mean", "sum", "max"] or None')
    if point_reduction is None and batch_reduction is not None:
        raise ValueError("Batch reduction must be None if point_reduction is None")


def _check_weights(weights: Tensor | None, batch: int) -> None:
    if weights is None:
        return
    if weights.shape[0] != batch:
        raise ValueError("weights must be of shape (N,).")
    if not (weights >= 0).all():
        raise ValueError("weights cannot be negative.")


def _as_cloud(points: object, lengths: Tensor | None, normals: Tensor | None) -> _Cloud:
    if isinstance(points, Pointclouds):
        return _Cloud(points.points_padded(), points.num_points_per_cloud(), points.normals_padded())
    if not isinstance(points, Tensor):
        raise ValueError("Clouds must be Pointclouds objects or torch.Tensor of shape (N, P, D).")
    if points.ndim != 3:
        raise ValueError("Expected points to be of shape (N, P, D)")
    if lengths is None:
        lengths = full_lengths(points)
    elif lengths.shape != points.shape[:1]:
        raise ValueError("Expected lengths to be of shape (N,)")
    elif len(lengths) > 0 and lengths.max() > points.shape[1]:
        raise ValueError("A length value was too long")
    if normals is not None and normals.ndim != 3:
        raise ValueError("Expected normals to be of shape (N, P, 3)")
    return _Cloud(points, lengths, normals)


def _one_way(
    x: _Cloud, y: _Cloud, weights: Tensor | None, reduction: str | None, norm: int, abs_cosine: bool
) -> tuple[Tensor, Tensor | None]:
    """Distances from `x` to `y` and of their normals, reduced over points; padding counts as zero."""
    if weights is not None and weights.sum() == 0:
        nothing = x.points.flatten()[:0].sum().expand(len(weights), len(weights))
        return nothing, nothing
    found = knn_points(x.points, y.points, lengths1=x.lengths, lengths2=y.lengths, norm=norm, K=1)
    dists = found.dists[..., 0]
    angles = None
    if x.normals is not None and y.normals is not None:
        near = knn_gather(y.normals, found.idx, y.lengths)[..., 0, :]
        cosine = F.cosine_similarity(x.normals, near, dim=2, eps=1e-6)
        angles = 1 - (cosine.abs() if abs_cosine else cosine)
        padding = torch.arange(angles.shape[1], device=angles.device) >= x.lengths[:, None]
        angles = angles.masked_fill(padding, 0.0)
    reduced, reduced_angles = (_reduce_points(v, x.lengths, weights, reduction) for v in (dists, angles))
    return reduced, reduced_angles


def _reduce_points(values: Any, lengths: Tensor, weights: Tensor | None, reduction: str | None) -> Any:
    if values is None:
        return None
    if weights is not None:
        values = values * weights[:, None]
    if reduction is None:
        return values
    if reduction == "max":
        return values.amax(dim=1) if values.shape[1] > 0 else values.sum(dim=1)
    total = values.sum(dim=1)
    return total / lengths.clamp(min=1) if reduction == "mean" else total


def _combine(sides: list[Any], point_reduction: str | None) -> Any:
    """Both directions together: added, the larger of them, or side by side."""
    if sides[0] is None or len(sides) == 1:
        return sides[0]
    if point_reduction is None:
        return tuple(sides)
    return torch.maximum(*sides) if point_reduction == "max" else sides[0] + sides[1]


def _reduce_batch(loss: Any, weights: Tensor | None, reduction: str | None) -> Any:
    if loss is None or reduction is None:
        return loss
    total = loss.sum()
    if reduction == "sum":
        return total
    if weights is None:
        return total / max(len(loss), 1)
    share = weights.sum()
    return total / torch.where(share > 0, share, 1.0)
