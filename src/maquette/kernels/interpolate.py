"""Barycentric interpolation of attributes that live on the corners of faces.

A pixel that sees face f with barycentric coordinates b gets sum_k b_k A[row(f, k)], where a corner's row is
3 f + k (attributes a face) or corners[f, k] (attributes a vertex). The gradient to the attributes gathers
every pixel of a row. On a CPU each item owns a share of the rows and walks all pixels in order, so sums have
one fixed order; on CUDA there is an item a pixel and the sums are atomic.
"""

from typing import Any

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import even_pieces, launch, on_compute_device
from maquette.kernels.once import differentiable_once

_BLOCK = 48  # neighbouring rows with one owner, so that owners rarely share a cache line


@wp.func
def _row(corners: wp.array2d(dtype=wp.int64), face: int, corner: int) -> int:
    if corners.shape[0] == 0:
        return 3 * face + corner
    return int(corners[face, corner])


@wp.kernel(enable_backward=False)
def _forward(
    start: int,
    faces: wp.array(dtype=wp.int64),
    bary: wp.array2d(dtype=float),
    attributes: wp.array2d(dtype=float),
    corners: wp.array2d(dtype=wp.int64),
    out: wp.array2d(dtype=float),
) -> None:
    p = start + wp.tid()
    face = int(faces[p])
    if face < 0:
        return
    r0, r1, r2 = _row(corners, face, 0), _row(corners, face, 1), _row(corners, face, 2)
    b0, b1, b2 = bary[p, 0], bary[p, 1], bary[p, 2]
    for d in range(attributes.shape[1]):
        out[p, d] = b0 * attributes[r0, d] + b1 * attributes[r1, d] + b2 * attributes[r2, d]


@wp.kernel(enable_backward=False)
def _backward_bary(
    start: int,
    faces: wp.array(dtype=wp.int64),
    attributes: wp.array2d(dtype=float),
    corners: wp.array2d(dtype=wp.int64),
    grad_out: wp.array2d(dtype=float),
    grad_bary: wp.array2d(dtype=float),
) -> None:
    p = start + wp.tid()
    face = int(faces[p])
    if face < 0:
        return
    for k in range(3):
        row = _row(corners, face, k)
        total = wp.float64(0.0)  # the products often cancel
        for d in range(attributes.shape[1]):
            total += wp.float64(grad_out[p, d]) * wp.float64(attributes[row, d])
        grad_bary[p, k] = float(total)


@wp.kernel(enable_backward=False)
def _backward_attributes(
    start: int,
    owners: int,
    block: int,
    faces: wp.array(dtype=wp.int64),
    bary: wp.array2d(dtype=float),
    corners: wp.array2d(dtype=wp.int64),
    grad_out: wp.array2d(dtype=float),
    grad_attributes: wp.array2d(dtype=float),
) -> None:
    item = start + wp.tid()
    first, last = item, item + 1
    if owners > 0:
        first, last = 0, faces.shape[0]
    for p in range(first, last):
        face = int(faces[p])
        if face >= 0:
            for k in range(3):
                row = _row(corners, face, k)
                if owners == 0 or (row // block) % owners == item:
                    for d in range(grad_attributes.shape[1]):
                        wp.atomic_add(grad_attributes, row, d, bary[p, k] * grad_out[p, d])


class _Interpolate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, faces: Tensor, bary: Tensor, attributes: Tensor, corners: Tensor) -> Tensor:
        out = bary.new_zeros(len(faces), attributes.shape[1])
        launch(_forward, len(faces), [faces, bary, attributes, corners, out], faces.device)
        ctx.save_for_backward(faces, bary, attributes, corners)
        return out

    @staticmethod
    @differentiable_once
    def backward(ctx: Any, grad_out: Tensor) -> tuple[Tensor | None, ...]:
        faces, bary, attributes, corners = ctx.saved_tensors
        grad_out = grad_out.contiguous()
        device = faces.device
        grad_bary = grad_attributes = None
        if ctx.needs_input_grad[1]:
            grad_bary = torch.zeros_like(bary)
            launch(_backward_bary, len(faces), [faces, attributes, corners, grad_out, grad_bary], device)
        if ctx.needs_input_grad[2]:
            grad_attributes = torch.zeros_like(attributes)
            owners = 0 if device.type == "cuda" else torch.get_num_threads()
            items = owners or len(faces)
            inputs = [owners, _BLOCK, faces, bary, corners, grad_out, grad_attributes]
            launch(_backward_attributes, items, inputs, device, even_pieces(items))
        return None, grad_bary, grad_attributes, None


@on_compute_device
def interpolate_corners(faces: Tensor, bary: Tensor, attributes: Tensor, corners: Tensor | None) -> Tensor:
    """Interpolate corner attributes at points on faces, in float32.

    Args:
        faces: (P,) int64 face of each point; below 0: no face, the result is 0 there.
        bary: (P, 3) float32 barycentric coordinates.
        attributes: (R, D) float32 rows: 3 F corners in the order of the faces, or vertices with `corners`.
        corners: (F, 3) int64 row of each corner of each face, or None for 3 f + k.

    Returns:
        (P, D) float32, differentiable once in `bary` and `attributes`.
    """
    if corners is None:
        corners = faces.new_empty(0, 3)
    return _Interpolate.apply(
        faces.contiguous(), bary.contiguous(), attributes.contiguous(), corners.contiguous()
    )
