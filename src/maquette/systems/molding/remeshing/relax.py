"""Moving vertices within the surface towards the middle of their neighbours."""

import torch
from jaxtyping import Float
from torch import Tensor

from .topology import Topology, face_normals


def relax(verts: Float[Tensor, "vert 3"], topology: Topology, amount: float) -> Float[Tensor, "vert 3"]:
    """Tangential smoothing, `v + amount (I - n n^T) (mean of the neighbours - v)`.

    Args:
        verts: positions.
        topology: of the mesh.
        amount: in [0, 1]; 0 leaves the vertices where they are.

    Returns:
        New positions. `n` is the area-weighted normal; a vertex whose normal vanishes stays.
    """
    faces = topology.faces
    low, high = topology.ends.unbind(dim=1)
    total = torch.zeros_like(verts).index_add_(0, low, verts[high]).index_add_(0, high, verts[low])
    towards = total / topology.valence.clamp(min=1)[:, None] - verts
    by_corner = face_normals(verts, faces).repeat_interleave(3, dim=0)
    normal = torch.zeros_like(verts).index_add_(0, faces.reshape(-1), by_corner)
    length = normal.norm(dim=1, keepdim=True)
    unit = normal / length.clamp(min=1e-30)
    tangent = towards - unit * (unit * towards).sum(dim=1, keepdim=True)
    return verts + amount * torch.where(length > 0, tangent, torch.zeros_like(tangent))
