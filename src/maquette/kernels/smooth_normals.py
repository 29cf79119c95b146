"""Normals at the vertices of many shapes with the same faces: of the faces around each, weighed by their areas."""

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.launch import launch, on_compute_device

wp.set_module_options({"enable_backward": False})


@wp.kernel
def _normals(
    start: int,
    verts: wp.array2d(dtype=wp.vec3),
    faces: wp.array2d(dtype=wp.int32),
    starts: wp.array(dtype=wp.int32),
    around: wp.array(dtype=wp.int32),
    normals: wp.array2d(dtype=wp.vec3),
) -> None:
    item = start + wp.tid()
    shape = item // verts.shape[1]
    vert = item % verts.shape[1]
    total = wp.vec3(0.0)
    for i in range(starts[vert], starts[vert + 1]):
        face = around[i]
        a = verts[shape, faces[face, 0]]
        total += wp.cross(verts[shape, faces[face, 1]] - a, verts[shape, faces[face, 2]] - a)
    normals[shape, vert] = wp.normalize(total)


@on_compute_device
def smooth_normals(
    verts: Float[Tensor, "shape vert 3"],
    faces: Int[Tensor, "face 3"],
    starts: Int[Tensor, " vert_and_one"],
    around: Int[Tensor, " corner"],
) -> Float[Tensor, "shape vert 3"]:
    """Unit normals at the vertices of every shape, outward where faces are counter-clockwise from outside.

    Args:
        verts: of all shapes.
        faces: int32, the same for all.
        starts: int32: the faces around vertex v are `around[starts[v]:starts[v + 1]]`.
        around: int32 faces.

    Returns:
        0 for vertices without faces and where faces cancel out.
    """
    normals = torch.empty_like(verts)
    launch(_normals, verts.shape[0] * verts.shape[1], [verts, faces, starts, around, normals], verts.device)
    return normals
