"""Squared distances between points and triangles or segments, whichever of the two asks for its nearest.

A *hull* is a triangle (three corners) or a segment (two). Its nearest point to `p` is a weighted mean of its
corners; as the weights are optimal, the distance's derivative through them vanishes, and the gradient is that
of `|p - sum(w_i v_i)|^2` with constant weights.
"""

from typing import Any

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.knn_tree import (
    LAST_INDEX,
    Tree,
    build_tree,
    leaf_start,
    precedes,
    step,
    walk_from_root,
)
from maquette.kernels.launch import Piece, even_pieces, launch, on_compute_device
from maquette.kernels.once import differentiable_once

_SLACK = wp.constant(0.99999)  # a distance may be rounded to slightly less than that of its box


@wp.func
def _double(v: wp.vec3) -> wp.vec3d:
    """A vector whose products are neither rounded nor too large or small."""
    return wp.vec3d(wp.float64(v[0]), wp.float64(v[1]), wp.float64(v[2]))


@wp.func
def _segment_weight(ap: wp.vec3, ab: wp.vec3) -> float:
    """Share of b in the point of segment a-b nearest to p."""
    way = _double(ab)
    length2 = wp.dot(way, way)
    if length2 > wp.float64(0.0):
        return wp.clamp(float(wp.dot(_double(ap), way) / length2), 0.0, 1.0)
    return 0.0


@wp.func
def _rest2(ap: wp.vec3, ab: wp.vec3, ac: wp.vec3, w: wp.vec2) -> float:
    d = ap - ab * w[0] - ac * w[1]
    return wp.dot(d, d)


@wp.func
def _hull_weights(ap: wp.vec3, ab: wp.vec3, ac: wp.vec3, corners: int, least_area: float) -> wp.vec2:
    """Shares of b and c in the point of a hull nearest to p; small triangles are their three sides."""
    along_ab = wp.vec2(_segment_weight(ap, ab), 0.0)
    if corners == 2:
        return along_ab
    to_p = _double(ap)
    to_b = _double(ab)
    to_c = _double(ac)
    normal = wp.cross(to_b, to_c)
    size2 = wp.dot(normal, normal)
    if size2 > wp.float64(0.0) and wp.float64(0.5) * wp.sqrt(size2) >= wp.float64(least_area):
        v = float(wp.dot(wp.cross(to_p, to_c), normal) / size2)
        w = float(wp.dot(wp.cross(to_b, to_p), normal) / size2)
        if v >= 0.0 and w >= 0.0 and v + w <= 1.0:
            return wp.vec2(v, w)
    along_ac = wp.vec2(0.0, _segment_weight(ap, ac))
    t = _segment_weight(ap - ab, ac - ab)
    along_bc = wp.vec2(1.0 - t, t)
    ab2 = _rest2(ap, ab, ac, along_ab)
    ac2 = _rest2(ap, ab, ac, along_ac)
    bc2 = _rest2(ap, ab, ac, along_bc)
    if ab2 <= ac2 and ab2 <= bc2:
        return along_ab
    if ac2 <= bc2:
        return along_ac
    return along_bc


@wp.func
def _hull_distance2(p: wp.vec3, a: wp.vec3, b: wp.vec3, c: wp.vec3, corners: int, least_area: float) -> float:
    return _rest2(p - a, b - a, c - a, _hull_weights(p - a, b - a, c - a, corners, least_area))


@wp.kernel(enable_backward=False)
def _nearest(
    start: int,
    points: wp.array(dtype=wp.vec3),
    hulls: wp.array(dtype=wp.vec3),
    corners: int,
    least_area: float,
    points_ask: int,
    clouds: wp.array(dtype=int),
    order: wp.array(dtype=int),
    firsts: wp.array(dtype=int),
    counts: wp.array(dtype=int),
    box_low: wp.array(dtype=wp.vec3),
    box_high: wp.array(dtype=wp.vec3),
    box_least: wp.array(dtype=int),
    levels: int,
    dists: wp.array(dtype=float),
    idx: wp.array(dtype=wp.int64),
) -> None:
    """One point finds its nearest hull, or one hull its nearest point; the searched side is in the tree's
    order.

    The walk is that of the nearest-neighbour search. `idx` is a packed index, -1 where there is nothing to
    find.
    """
    item = start + wp.tid()
    cloud = clouds[item]
    first = firsts[cloud]
    count = counts[cloud]
    best = float(wp.inf)
    best_index = int(LAST_INDEX)
    last = corners - 1
    p = wp.vec3()
    a = wp.vec3()
    b = wp.vec3()
    c = wp.vec3()
    if points_ask == 1:
        p = points[item]
        a = p
        b = p
        c = p
    else:
        a = hulls[item * corners]
        b = hulls[item * corners + 1]
        c = hulls[item * corners + last]
    low = wp.min(a, wp.min(b, c))
    high = wp.max(a, wp.max(b, c))
    walk = walk_from_root(low, high, 2, _SLACK, cloud, levels)
    while walk.node > 0:
        if walk.level == levels:
            for i in range(first + leaf_start(walk, count, 0), first + leaf_start(walk, count, 1)):
                if points_ask == 1:
                    a = hulls[i * corners]
                    b = hulls[i * corners + 1]
                    c = hulls[i * corners + last]
                else:
                    p = points[i]
                d = _hull_distance2(p, a, b, c, corners, least_area)
                if precedes(d, order[i], best, best_index):
                    best = d
                    best_index = order[i]
        walk = step(walk, best, best_index, box_low, box_high, box_least)
    if best_index == LAST_INDEX:  # nothing there, or only what is NaN
        dists[item] = wp.where(count == 0, 0.0, wp.nan)
        idx[item] = wp.int64(-1)
    else:
        dists[item] = best
        idx[item] = wp.int64(first + best_index)


@wp.kernel(enable_backward=False)
def _nearest_backward(
    start: int,
    points: wp.array(dtype=wp.vec3),
    hulls: wp.array(dtype=wp.vec3),
    corners: int,
    least_area: float,
    points_ask: int,
    idx: wp.array(dtype=wp.int64),
    grad: wp.array(dtype=float),
    grad_points: wp.array(dtype=wp.vec3),
    grad_hulls: wp.array(dtype=wp.vec3),
) -> None:
    item = start + wp.tid()
    found = int(idx[item])
    if found < 0:
        return
    at = item
    hull = found * corners
    if points_ask == 0:
        at = found
        hull = item * corners
    a = hulls[hull]
    ap = points[at] - a
    ab = hulls[hull + 1] - a
    ac = hulls[hull + corners - 1] - a
    w = _hull_weights(ap, ab, ac, corners, least_area)
    g = (ap - ab * w[0] - ac * w[1]) * (2.0 * grad[item])
    wp.atomic_add(grad_points, at, g)
    wp.atomic_add(grad_hulls, hull, g * (w[0] + w[1] - 1.0))
    wp.atomic_add(grad_hulls, hull + 1, -g * w[0])
    if corners == 3:
        wp.atomic_add(grad_hulls, hull + 2, -g * w[1])


def _counts(first: Int[Tensor, " cloud"], items: int) -> Int[Tensor, " cloud"]:
    return torch.diff(first, append=first.new_tensor([items]))


def _check_starts(first: Int[Tensor, " cloud"], items: int) -> None:
    ends = [*first.tolist(), items]
    if ends[0] != 0 or ends != sorted(ends):
        raise ValueError(f"Clouds cannot begin at {ends[:-1][:8]} among {items} items.")


def _cloud_pieces(first: Int[Tensor, " cloud"], items: int) -> list[Piece] | None:
    """CPU pieces that never cut a cloud, so that each may add to its own points and hulls."""
    if first.device.type != "cpu":
        return None
    bounds = [*first.tolist(), items]
    return [(bounds[begin], bounds[end]) for begin, end in even_pieces(len(first))]


def _tree_of(corners: Float[Tensor, "item corner 3"], first: Int[Tensor, " cloud"]) -> Tree:
    count = _counts(first, len(corners))
    largest = int(count.max()) if len(count) > 0 else 0
    return build_tree(corners.amin(dim=1), corners.amax(dim=1), first, count, largest)


class _HullDistance(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        points: Tensor,
        points_first: Tensor,
        hulls: Tensor,
        hulls_first: Tensor,
        least_area: float,
        points_ask: bool,
    ) -> Tensor:
        asking, asking_first = (points, points_first) if points_ask else (hulls, hulls_first)
        dists = points.new_empty(len(asking))
        idx = torch.empty(len(asking), dtype=torch.int64, device=points.device)
        place = torch.arange(len(asking), dtype=torch.int32, device=points.device)
        clouds = torch.bucketize(place, asking_first, right=True, out_int32=True) - 1
        tree = _tree_of(hulls, hulls_first) if points_ask else _tree_of(points[:, None], points_first)
        sides = (points, tree.sort(hulls)) if points_ask else (tree.sort(points), hulls)
        inputs = [
            sides[0], sides[1].reshape(-1, 3), hulls.shape[1], least_area, int(points_ask), clouds,
            tree.order, tree.first, tree.count, tree.box_low, tree.box_high, tree.box_least, tree.levels,
            dists, idx,
        ]  # fmt: skip
        launch(_nearest, len(asking), inputs, points.device)
        ctx.save_for_backward(points, hulls, idx)
        ctx.constants = (hulls.shape[1], least_area, int(points_ask))
        ctx.pieces = _cloud_pieces(asking_first, len(asking))
        return dists

    @staticmethod
    @differentiable_once
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        points, hulls, idx = ctx.saved_tensors
        grad_points, grad_hulls = torch.zeros_like(points), torch.zeros_like(hulls)
        outputs = [grad_points, grad_hulls.view(-1, 3)]
        inputs = [points, hulls.view(-1, 3), *ctx.constants, idx, grad.contiguous(), *outputs]
        launch(_nearest_backward, len(idx), inputs, points.device, ctx.pieces)
        return grad_points, None, grad_hulls, None, None, None


@on_compute_device
def hull_distance(
    points: Float[Tensor, "point 3"],
    points_first: Int[Tensor, " cloud"],
    hulls: Float[Tensor, "hull corner 3"],
    hulls_first: Int[Tensor, " cloud"],
    least_area: float,
    points_ask: bool,
) -> Float[Tensor, " asking"]:
    """Squared distance from each point to its nearest hull, or from each hull to its nearest point.

    Points and hulls are packed and matched cloud by cloud; the distance is 0 where there is nothing on the
    other side. Computed in float32; differentiable once.

    Raises:
        ValueError: when clouds do not begin one after the other, from 0 to the number of points or hulls.
    """
    if len(points_first) != len(hulls_first):
        raise ValueError(f"Points are of {len(points_first)} clouds, but hulls of {len(hulls_first)}.")
    _check_starts(points_first, len(points))
    _check_starts(hulls_first, len(hulls))
    args = [x.to(points.device, torch.float32).contiguous() for x in (points, hulls)]
    first = [x.to(points.device, torch.int32).contiguous() for x in (points_first, hulls_first)]
    dists = _HullDistance.apply(args[0], first[0], args[1], first[1], float(least_area), points_ask)
    return dists.to(points.dtype)
