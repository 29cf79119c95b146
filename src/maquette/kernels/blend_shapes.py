"""Shapes that are linear in their coefficients, each moved to a place of its own: x = M (mean + sum_k c_k d_k) + t.

A vertex is summed up by one item in the order of the shapes, so it has the same bits alone and in a batch.
"""

import torch
import warp as wp
from jaxtyping import Float, Int16
from torch import Tensor

from maquette.kernels.launch import launch, on_compute_device

wp.set_module_options({"enable_backward": False})


@wp.kernel
def _blend(
    start: int,
    mean: wp.array(dtype=wp.vec3),
    deltas: wp.array2d(dtype=wp.vec3s),
    unit: float,
    coefficients: wp.array2d(dtype=float),
    shapes: wp.array2d(dtype=wp.int32),
    counts: wp.array(dtype=wp.int32),
    matrices: wp.array(dtype=wp.mat33),
    shifts: wp.array(dtype=wp.vec3),
    verts: wp.array2d(dtype=wp.vec3),
) -> None:
    item = start + wp.tid()
    picture = item // mean.shape[0]
    vert = item % mean.shape[0]
    x, y, z = float(0.0), float(0.0), float(0.0)
    for i in range(counts[picture]):
        k = shapes[picture, i]
        c = coefficients[picture, k]
        delta = deltas[vert, k]
        x += c * float(delta[0])
        y += c * float(delta[1])
        z += c * float(delta[2])
    verts[picture, vert] = matrices[picture] * (mean[vert] + wp.vec3(x, y, z) * unit) + shifts[picture]


@on_compute_device
def blend_shapes(
    mean: Float[Tensor, "vert 3"],
    deltas: Int16[Tensor, "vert shape 3"],
    unit: float,
    coefficients: Float[Tensor, "picture shape"],
    matrices: Float[Tensor, "picture 3 3"],
    shifts: Float[Tensor, "picture 3"],
) -> Float[Tensor, "picture vert 3"]:
    """Vertices of every picture's shape.

    Args:
        mean: vertices where all coefficients are 0.
        deltas: what one of each coefficient adds, in units of `unit`.
        unit: of the deltas, in units of the mean.
        coefficients: of each picture.
        matrices: that columns are multiplied by from the left, after blending.
        shifts: added after that.
    """
    verts = torch.empty((len(coefficients), len(mean), 3), device=mean.device)
    counts = (coefficients != 0).sum(dim=1).int()
    shapes = (
        (coefficients == 0).int().argsort(dim=1, stable=True).int()
    )  # those that count, in their order, first
    who = [coefficients.contiguous(), shapes, counts, matrices.contiguous(), shifts.contiguous()]
    launch(_blend, len(coefficients) * len(mean), [mean, deltas, unit, *who, verts], mean.device)
    return verts
