"""Areas and normals of packed faces and vertices."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize

MIN_LENGTH = 1e-6


def _cross_of_faces(verts: Float[Tensor, "vert 3"], faces: Int[Tensor, "face 3"]) -> Float[Tensor, "face 3"]:
    """(v1 - v0) x (v2 - v0) in float64: along the normal, twice the area long, 0 where corners are repeated."""
    v0, v1, v2 = verts.index_select(0, faces.reshape(-1)).view(-1, 3, 3).double().unbind(1)
    # torch.linalg.cross fuses products with differences: a face of two equal sides gets what the rounding left
    a, b = v1 - v0, v2 - v0
    return (a * b.roll(-1, 1) - a.roll(-1, 1) * b).roll(-1, 1)


def face_areas_normals(
    verts: Float[Tensor, "vert 3"], faces: Int[Tensor, "face 3"]
) -> tuple[Float[Tensor, " face"], Float[Tensor, "face 3"]]:
    """Area and unit normal of every face.

    The normal follows the right-hand rule over the corners. A face whose cross product is shorter than 1e-6
    has that vector divided by 1e-6 for a normal. Gradients are zero, not NaN, where the area is exactly zero.
    Both are measured in float64, whatever the type of the vertices.
    """
    cross = _cross_of_faces(verts, faces)
    squared = (cross * cross).sum(1)
    flat = squared == 0
    length = torch.where(flat, 1.0, squared).sqrt().masked_fill(flat, 0.0)
    normals = cross / length.clamp_min(MIN_LENGTH)[:, None]
    return (length / 2).to(verts.dtype), normals.to(verts.dtype)


def vert_normals(verts: Float[Tensor, "vert 3"], faces: Int[Tensor, "face 3"]) -> Float[Tensor, "vert 3"]:
    """Unit normal of every vertex: the sum of the normals of its faces, weighted by area.

    A vertex of no face, or of degenerate faces only, has normal zero.
    """
    cross = _cross_of_faces(verts, faces).to(verts.dtype)
    total = torch.zeros_like(verts)
    for corner in range(3):
        total = total.index_add(0, faces[:, corner], cross)
    return normalize(total, eps=MIN_LENGTH, dim=1)
