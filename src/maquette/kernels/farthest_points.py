"""Farthest point sampling: each step takes the point farthest from all taken before."""

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.launch import launch, on_compute_device


@wp.kernel(enable_backward=False)
def _take_farthest(
    start: int,
    points: wp.array3d(dtype=float),
    lengths: wp.array(dtype=int),
    samples: wp.array(dtype=int),
    begin: wp.array(dtype=int),
    nearest: wp.array2d(dtype=float),
    idx: wp.array2d(dtype=wp.int64),
) -> None:
    """One cloud; `nearest` comes in as infinity, `idx` as -1."""
    cloud = start + wp.tid()
    count = lengths[cloud]
    taken = int(begin[cloud])
    for k in range(wp.min(samples[cloud], count)):
        idx[cloud, k] = wp.int64(taken)
        farthest = float(-1.0)
        last = int(taken)
        for i in range(count):
            d = float(0.0)
            for c in range(points.shape[2]):
                step = points[cloud, i, c] - points[cloud, last, c]
                d += step * step
            d = wp.min(d, nearest[cloud, i])
            nearest[cloud, i] = d
            if d > farthest:
                farthest = d
                taken = i


@on_compute_device
def farthest_indices(
    points: Float[Tensor, "batch point dim"],
    lengths: Int[Tensor, " batch"],
    samples: Int[Tensor, " batch"],
    begin: Int[Tensor, " batch"],
    most: int,
) -> Int[Tensor, "batch most"]:
    """Indices of up to `most` points a cloud, starting with `begin`; -1 where a cloud has or wants fewer.

    Among equally far points the smallest index is taken. On a CPU each cloud is one item of work; on CUDA,
    where that would keep one thread busy, all points of a step are handled side by side by torch.
    """
    device = points.device
    points = points.detach().float().contiguous()
    nearest = points.new_full(points.shape[:2], torch.inf)
    idx = torch.full((len(points), most), -1, dtype=torch.int64, device=device)
    if device.type == "cpu":
        counts = [x.to(device, torch.int32).contiguous() for x in (lengths, samples, begin)]
        launch(_take_farthest, len(points), [points, *counts, nearest, idx], device)
    else:
        lengths, samples, begin = (x.to(device) for x in (lengths, samples, begin))
        _take_side_by_side(points, lengths, samples, begin, nearest, idx)
    return idx


def _take_side_by_side(
    points: Tensor, lengths: Tensor, samples: Tensor, begin: Tensor, nearest: Tensor, idx: Tensor
) -> None:
    padding = torch.arange(points.shape[1], device=points.device) >= lengths[:, None]
    wanted = torch.minimum(lengths, samples)
    taken = begin
    for k in range(idx.shape[1]):
        idx[:, k] = torch.where(k < wanted, taken, -1)
        last = points.gather(1, taken[:, None, None].expand(-1, 1, points.shape[2]))
        nearest = torch.minimum(nearest, (points - last).square().sum(dim=2))
        taken = nearest.masked_fill(padding, -1.0).argmax(dim=1)
