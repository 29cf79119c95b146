"""K nearest neighbours between padded point clouds, exact, with ties going to the smaller index.

Up to three dimensions a k-d tree is searched (`knn_tree`); beyond, every pair is looked at. The candidates
of a query with K > 1 live in its row of the result, as a heap with the worst one on top, which is sorted at
the end.
"""

from typing import Any

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.knn_backward import distances_backward, row_starts
from maquette.kernels.knn_tree import (
    LAST_INDEX,
    Tree,
    build_tree,
    extent,
    leaf_start,
    precedes,
    step,
    walk_from_root,
)
from maquette.kernels.launch import launch, on_compute_device
from maquette.kernels.once import differentiable_once


@wp.kernel(enable_backward=False)
def _nearest(
    start: int,
    queries: wp.array(dtype=wp.vec3),
    lengths: wp.array(dtype=int),
    width: int,
    points: wp.array(dtype=wp.vec3),
    order: wp.array(dtype=int),
    firsts: wp.array(dtype=int),
    counts: wp.array(dtype=int),
    box_low: wp.array(dtype=wp.vec3),
    box_high: wp.array(dtype=wp.vec3),
    box_least: wp.array(dtype=int),
    levels: int,
    norm: int,
    dists: wp.array(dtype=float),
    idx: wp.array(dtype=wp.int64),
) -> None:
    """The one nearest point of a query; `points` are in the tree's order."""
    item = start + wp.tid()
    cloud = item / width
    count = counts[cloud]
    if item - cloud * width >= lengths[cloud] or count == 0:
        dists[item] = 0.0
        idx[item] = wp.int64(0)
        return
    q = queries[item]
    first = firsts[cloud]
    best = float(wp.inf)
    best_index = int(LAST_INDEX)
    walk = walk_from_root(q, q, norm, 1.0, cloud, levels)
    while walk.node > 0:
        if walk.level == levels:
            for i in range(first + leaf_start(walk, count, 0), first + leaf_start(walk, count, 1)):
                d = extent(points[i] - q, norm)
                if d <= best:
                    if precedes(d, order[i], best, best_index):
                        best = d
                        best_index = order[i]
        walk = step(walk, best, best_index, box_low, box_high, box_least)
    if best_index == LAST_INDEX:  # only where coordinates are NaN
        best_index = 0
        best = wp.nan
    dists[item] = best
    idx[item] = wp.int64(best_index)


@wp.func
def _sink(row: int, size: int, d: float, index: int, dists: wp.array(dtype=float),
          idx: wp.array(dtype=wp.int64)) -> None:  # fmt: skip
    """Put a candidate in place of the top of a heap (the worst of all) and let it sink to its place."""
    hole = int(0)
    child = int(1)
    while child < size:
        if child + 1 < size and precedes(
            dists[row + child], int(idx[row + child]), dists[row + child + 1], int(idx[row + child + 1])
        ):
            child += 1
        if precedes(d, index, dists[row + child], int(idx[row + child])):
            dists[row + hole] = dists[row + child]
            idx[row + hole] = idx[row + child]
            hole = child
            child = 2 * hole + 1
        else:
            child = size
    dists[row + hole] = d
    idx[row + hole] = wp.int64(index)


@wp.func
def _empty_heap(row: int, size: int, dists: wp.array(dtype=float), idx: wp.array(dtype=wp.int64)) -> None:
    for k in range(size):
        dists[row + k] = wp.inf
        idx[row + k] = wp.int64(LAST_INDEX)


@wp.func
def _sort_heap(row: int, size: int, dists: wp.array(dtype=float), idx: wp.array(dtype=wp.int64)) -> None:
    """Heap sort into ascending order; places that stayed empty become zero."""
    for back in range(size):
        last = size - 1 - back
        d = dists[row + last]
        index = int(idx[row + last])
        dists[row + last] = dists[row]
        idx[row + last] = idx[row]
        if last > 0:
            _sink(row, last, d, index, dists, idx)
    for k in range(size):
        if idx[row + k] == wp.int64(LAST_INDEX):
            dists[row + k] = 0.0
            idx[row + k] = wp.int64(0)


@wp.kernel(enable_backward=False)
def _nearest_k(
    start: int,
    queries: wp.array(dtype=wp.vec3),
    lengths: wp.array(dtype=int),
    width: int,
    points: wp.array(dtype=wp.vec3),
    order: wp.array(dtype=int),
    firsts: wp.array(dtype=int),
    counts: wp.array(dtype=int),
    box_low: wp.array(dtype=wp.vec3),
    box_high: wp.array(dtype=wp.vec3),
    box_least: wp.array(dtype=int),
    levels: int,
    norm: int,
    size: int,
    dists: wp.array(dtype=float),
    idx: wp.array(dtype=wp.int64),
) -> None:
    """The `size` nearest points of a query; the walk is that of `_nearest`."""
    item = start + wp.tid()
    row = item * size
    cloud = item / width
    count = counts[cloud]
    _empty_heap(row, size, dists, idx)
    if item - cloud * width >= lengths[cloud] or count == 0:
        _sort_heap(row, size, dists, idx)
        return
    q = queries[item]
    first = firsts[cloud]
    walk = walk_from_root(q, q, norm, 1.0, cloud, levels)
    while walk.node > 0:
        if walk.level == levels:
            for i in range(first + leaf_start(walk, count, 0), first + leaf_start(walk, count, 1)):
                d = extent(points[i] - q, norm)
                if d <= dists[row]:
                    if precedes(d, order[i], dists[row], int(idx[row])):
                        _sink(row, size, d, order[i], dists, idx)
        walk = step(walk, dists[row], int(idx[row]), box_low, box_high, box_least)
    _sort_heap(row, size, dists, idx)


@wp.kernel(enable_backward=False)
def _nearest_of_all(
    start: int,
    queries: wp.array2d(dtype=float),
    lengths: wp.array(dtype=int),
    width: int,
    points: wp.array2d(dtype=float),
    firsts: wp.array(dtype=int),
    counts: wp.array(dtype=int),
    norm: int,
    size: int,
    dists: wp.array(dtype=float),
    idx: wp.array(dtype=wp.int64),
) -> None:
    """The `size` nearest points of a query in any number of dimensions, by looking at every point."""
    item = start + wp.tid()
    row = item * size
    cloud = item / width
    first = firsts[cloud]
    _empty_heap(row, size, dists, idx)
    if item - cloud * width < lengths[cloud]:
        for j in range(counts[cloud]):
            d = float(0.0)
            for c in range(queries.shape[1]):
                step = points[first + j, c] - queries[item, c]
                if norm == 1:
                    d += wp.abs(step)
                else:
                    d += step * step
            if precedes(d, j, dists[row], int(idx[row])):
                _sink(row, size, d, j, dists, idx)
    _sort_heap(row, size, dists, idx)


def _point_tree(
    points: Float[Tensor, "batch point 3"], lengths: Int[Tensor, " batch"]
) -> tuple[Tree, Tensor]:
    """Tree over padded clouds, and the points in its order."""
    packed = points.reshape(-1, 3)
    tree = build_tree(packed, packed, row_starts(points), lengths, points.shape[1])
    return tree, tree.sort(packed)


def _search(
    p1: Float[Tensor, "batch query dim"],
    p2: Float[Tensor, "batch point dim"],
    lengths1: Int[Tensor, " batch"],
    lengths2: Int[Tensor, " batch"],
    norm: int,
    size: int,
) -> tuple[Float[Tensor, "batch query k"], Int[Tensor, "batch query k"]]:
    batch, width, dim = p1.shape
    dists = p1.new_empty(batch, width, size)
    idx = torch.empty(batch, width, size, dtype=torch.int64, device=p1.device)
    if p2.shape[1] == 0 or dists.numel() == 0:
        return dists.zero_(), idx.zero_()
    out = [dists.view(-1), idx.view(-1)]
    if dim > 3:
        points = [p2.reshape(-1, dim), row_starts(p2), lengths2]
        inputs = [p1.reshape(-1, dim), lengths1, width, *points, norm, size, *out]
        launch(_nearest_of_all, batch * width, inputs, p1.device)
        return dists, idx
    flat = torch.nn.functional.pad(p1, (0, 3 - dim)).reshape(-1, 3)
    tree, sorted_points = _point_tree(torch.nn.functional.pad(p2, (0, 3 - dim)), lengths2)
    inputs = [
        flat, lengths1, width, sorted_points, tree.order, tree.first, tree.count, tree.box_low, tree.box_high,
        tree.box_least, tree.levels, norm,
    ]  # fmt: skip
    if size == 1:
        launch(_nearest, batch * width, [*inputs, *out], p1.device)
    else:
        launch(_nearest_k, batch * width, [*inputs, size, *out], p1.device)
    return dists, idx


class _Neighbours(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, p1: Tensor, p2: Tensor, lengths1: Tensor, lengths2: Tensor, norm: int, size: int
    ) -> tuple[Tensor, Tensor]:
        dists, idx = _search(p1, p2, lengths1, lengths2, norm, size)
        ctx.save_for_backward(p1, p2, lengths1, lengths2, idx)
        ctx.mark_non_differentiable(idx)
        ctx.norm = norm
        return dists, idx

    @staticmethod
    @differentiable_once
    def backward(ctx: Any, grad_dists: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        p1, p2, lengths1, lengths2, idx = ctx.saved_tensors
        grad1, grad2 = distances_backward(p1, p2, lengths1, lengths2, idx, grad_dists, ctx.norm)
        return grad1, grad2, None, None, None, None


@on_compute_device
def nearest_neighbours(
    p1: Float[Tensor, "batch query dim"],
    p2: Float[Tensor, "batch point dim"],
    lengths1: Int[Tensor, " batch"],
    lengths2: Int[Tensor, " batch"],
    norm: int,
    size: int,
) -> tuple[Float[Tensor, "batch query k"], Int[Tensor, "batch query k"]]:
    """Distances and indices of the `size` nearest points.

    Distances are squared for `norm` 2 and sums of absolute values for 1. Both are sorted by distance, then
    index, and zero where a cloud has no such query or neighbour. The search runs in float32 and the
    distances are differentiable, once, with respect to both clouds.
    """
    args = [x.to(p1.device, torch.float32).contiguous() for x in (p1, p2)]
    args += [x.to(p1.device, torch.int32).contiguous() for x in (lengths1, lengths2)]
    return _Neighbours.apply(*args, norm, size)
