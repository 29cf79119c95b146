"""Areas and unit normals of packed faces, under PyTorch3D's path."""

import torch
from torch import Tensor

from ..structures.meshes.normals import face_areas_normals

__all__ = ["mesh_face_areas_normals"]


def mesh_face_areas_normals(verts: Tensor, faces: Tensor) -> tuple[Tensor, Tensor]:
    """Area and unit normal of every face.

    Args:
        verts: (V, 3) packed vertices.
        faces: (F, 3) int64 packed vertex indices.

    Returns:
        areas (F,) and normals (F, 3) along (v1 - v0) x (v2 - v0); the normal of a face whose cross product is
        shorter than 1e-6 is that product divided by 1e-6. Differentiable in the vertices, with gradient zero
        where the area is exactly zero.

    Raises:
        ValueError: wrong shapes, or faces of another type.

    Follows PyTorch3D's operator of this name, which computes in float32 whatever it is given. The face
    normals of `Meshes` keep float64.
    """
    if verts.dim() != 2 or verts.shape[1] != 3:
        raise ValueError("verts need to be of shape Vx3.")
    if faces.dim() != 2 or faces.shape[1] != 3:
        raise ValueError("faces need to be of shape Fx3.")
    if faces.dtype != torch.int64:
        raise ValueError("faces need to be of type torch.int64.")
    return face_areas_normals(verts.float(), faces)
