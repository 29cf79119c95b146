"""Shapes that are linear in their coefficients, each moved to a place of its own: x = M (mean + sum_k c_k d_k) + t.

An item sums up the vertices of a block, side by side in lanes, in the order of the shapes, so they have the same bits
alone and in a batch.
"""

import torch
import warp as wp
from jaxtyping import Float
from torch import Tensor

from maquette.kernels.lanes import LANES, Lanes, floats, shorts
from maquette.kernels.launch import launch, on_compute_device

wp.set_module_options({"enable_backward": False})

_LANES = wp.constant(LANES)


@wp.func
def _as_floats(values: shorts) -> floats:
    wide = floats()
    for i in range(_LANES):
        wide[i] = float(values[i])
    return wide


@wp.kernel
def _blend(
    start: int,
    mean: wp.array2d(dtype=floats),
    deltas: wp.array3d(dtype=shorts),
    unit: float,
    coefficients: wp.array2d(dtype=float),
    shapes: wp.array2d(dtype=wp.int32),
    counts: wp.array(dtype=wp.int32),
    matrices: wp.array(dtype=wp.mat33),
    shifts: wp.array(dtype=wp.vec3),
    verts: wp.array2d(dtype=wp.vec3),
) -> None:
    item = start + wp.tid()
    block = item // counts.shape[0]
    picture = item % counts.shape[0]
    x, y, z = floats(), floats(), floats()
    for i in range(counts[picture]):
        k = shapes[picture, i]
        c = coefficients[picture, k] * unit
        x += c * _as_floats(deltas[block, k, 0])
        y += c * _as_floats(deltas[block, k, 1])
        z += c * _as_floats(deltas[block, k, 2])
    x += mean[block, 0]
    y += mean[block, 1]
    z += mean[block, 2]
    matrix, shift = matrices[picture], shifts[picture]
    first = block * _LANES
    for i in range(wp.min(_LANES, verts.shape[1] - first)):
        verts[picture, first + i] = matrix * wp.vec3(x[i], y[i], z[i]) + shift


@on_compute_device
def blend_shapes(
    mean: Lanes,
    deltas: Lanes,
    unit: float,
    coefficients: Float[Tensor, "picture shape"],
    matrices: Float[Tensor, "picture 3 3"],
    shifts: Float[Tensor, "picture 3"],
) -> Float[Tensor, "picture vert 3"]:
    """Vertices of every picture's shape.

    Args:
        mean: (vert, 3) float32 vertices where all coefficients are 0, in lanes.
        deltas: (vert, shape, 3) int16: what one of each coefficient adds, in units of `unit`, in lanes.
        unit: of the deltas, in units of the mean.
        coefficients: of each picture.
        matrices: that columns are multiplied by from the left, after blending.
        shifts: added after that.
    """
    verts = torch.empty((len(coefficients), mean.rows, 3), device=mean.device)
    counts = (coefficients != 0).sum(dim=1).int()
    shapes = (
        (coefficients == 0).int().argsort(dim=1, stable=True).int()
    )  # those that count, in their order, first
    who = [coefficients.contiguous(), shapes, counts, matrices.contiguous(), shifts.contiguous()]
    inputs = [mean.values, deltas.values, unit, *who, verts]
    launch(_blend, len(coefficients) * len(mean.values), inputs, mean.device)
    return verts
