"""The first points, in index order, that lie within a radius of each query point."""

from typing import Any

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.knn_backward import distances_backward
from maquette.kernels.launch import launch, on_compute_device
from maquette.kernels.once import differentiable_once


@wp.kernel(enable_backward=False)
def _within(
    start: int,
    queries: wp.array2d(dtype=float),
    lengths: wp.array(dtype=int),
    width: int,
    points: wp.array2d(dtype=float),
    stride: int,
    counts: wp.array(dtype=int),
    radius2: float,
    dists: wp.array2d(dtype=float),
    idx: wp.array2d(dtype=wp.int64),
) -> None:
    """One query; `dists` and `idx` come in filled with 0 and -1."""
    item = start + wp.tid()
    cloud = item / width
    if item - cloud * width >= lengths[cloud]:
        return
    found = int(0)
    j = int(0)
    while j < counts[cloud] and found < idx.shape[1]:
        d = float(0.0)
        for c in range(queries.shape[1]):
            step = points[cloud * stride + j, c] - queries[item, c]
            d += step * step
        if d < radius2:
            dists[item, found] = d
            idx[item, found] = wp.int64(j)
            found += 1
        j += 1


class _BallQuery(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, p1: Tensor, p2: Tensor, lengths1: Tensor, lengths2: Tensor, size: int, radius: float
    ) -> tuple[Tensor, Tensor]:
        batch, width, dim = p1.shape
        dists = p1.new_zeros(batch, width, size)
        idx = torch.full((batch, width, size), -1, dtype=torch.int64, device=p1.device)
        inputs = [
            p1.reshape(-1, dim), lengths1, width, p2.reshape(-1, dim), p2.shape[1], lengths2, radius * radius,
            dists.flatten(0, 1), idx.flatten(0, 1),
        ]  # fmt: skip
        if size > 0:
            launch(_within, batch * width, inputs, p1.device)
        ctx.save_for_backward(p1, p2, lengths1, lengths2, idx)
        ctx.mark_non_differentiable(idx)
        return dists, idx

    @staticmethod
    @differentiable_once
    def backward(ctx: Any, grad_dists: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        p1, p2, lengths1, lengths2, idx = ctx.saved_tensors
        grad1, grad2 = distances_backward(p1, p2, lengths1, lengths2, idx, grad_dists, 2)
        return grad1, grad2, None, None, None, None


@on_compute_device
def points_within(
    p1: Float[Tensor, "batch query dim"],
    p2: Float[Tensor, "batch point dim"],
    lengths1: Int[Tensor, " batch"],
    lengths2: Int[Tensor, " batch"],
    size: int,
    radius: float,
) -> tuple[Float[Tensor, "batch query k"], Int[Tensor, "batch query k"]]:
    """Squared distances and indices of up to `size` points nearer than `radius`; padded with 0 and -1.

    Computed in float32. The distances are differentiable, once, with respect to both clouds.
    """
    args = [x.to(p1.device, torch.float32).contiguous() for x in (p1, p2)]
    args += [x.to(p1.device, torch.int32).contiguous() for x in (lengths1, lengths2)]
    return _BallQuery.apply(*args, size, radius)
