"""Gradient of the distances between queries and the neighbours that a search found for them."""

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.launch import Piece, even_pieces, launch


@wp.kernel(enable_backward=False)
def _distances_backward(
    start: int,
    queries: wp.array2d(dtype=float),
    lengths: wp.array(dtype=int),
    width: int,
    points: wp.array2d(dtype=float),
    firsts: wp.array(dtype=int),
    counts: wp.array(dtype=int),
    norm: int,
    idx: wp.array2d(dtype=wp.int64),
    grad_dists: wp.array2d(dtype=float),
    grad_queries: wp.array2d(dtype=float),
    grad_points: wp.array2d(dtype=float),
) -> None:
    """Gradient of the distances of one query to its neighbours; negative indices are no neighbours."""
    item = start + wp.tid()
    cloud = item / width
    if item - cloud * width < lengths[cloud]:
        for k in range(wp.min(idx.shape[1], counts[cloud])):
            if idx[item, k] >= wp.int64(0):
                j = firsts[cloud] + int(idx[item, k])
                for c in range(queries.shape[1]):
                    step = queries[item, c] - points[j, c]
                    g = 2.0 * step * grad_dists[item, k]
                    if norm == 1:
                        g = wp.where(step == 0.0, 0.0, wp.sign(step)) * grad_dists[item, k]
                    grad_queries[item, c] = grad_queries[item, c] + g
                    wp.atomic_add(grad_points, j, c, -g)


def cloud_pieces(clouds: int, width: int) -> list[Piece]:
    """CPU pieces of `clouds * width` items that never cut a cloud, so that each may add to its own points."""
    return [(begin * width, end * width) for begin, end in even_pieces(clouds)]


def distances_backward(
    p1: Float[Tensor, "batch query dim"],
    p2: Float[Tensor, "batch point dim"],
    lengths1: Int[Tensor, " batch"],
    lengths2: Int[Tensor, " batch"],
    idx: Int[Tensor, "batch query k"],
    grad: Float[Tensor, "batch query k"],
    norm: int,
) -> tuple[Float[Tensor, "batch query dim"], Float[Tensor, "batch point dim"]]:
    """Gradients of `sum(grad * dists)` to both clouds, for float32 tensors on a CPU or CUDA device."""
    batch, width, dim = p1.shape
    grad1, grad2 = torch.zeros_like(p1), torch.zeros_like(p2)
    first = row_starts(p2)
    inputs = [
        p1.reshape(-1, dim), lengths1, width, p2.reshape(-1, dim), first, lengths2, norm,
        idx.reshape(batch * width, -1), grad.contiguous().reshape(batch * width, -1),
        grad1.view(-1, dim), grad2.view(-1, dim),
    ]  # fmt: skip
    launch(_distances_backward, batch * width, inputs, p1.device, cloud_pieces(batch, width))
    return grad1, grad2


def row_starts(padded: Float[Tensor, "batch point dim"]) -> Int[Tensor, " batch"]:
    batch, points, _ = padded.shape
    return torch.arange(batch, dtype=torch.int32, device=padded.device) * points
