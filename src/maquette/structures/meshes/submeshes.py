"""Cutting a part out of one mesh."""

from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor


class Submesh(NamedTuple):
    """Vertices and faces of a part, and which vertices of the whole it kept."""

    verts: Float[Tensor, "kept 3"]
    faces: Int[Tensor, "part 3"]
    vert_ids: Int[Tensor, " kept"]


def cut_submesh(verts: Tensor, faces: Tensor, face_ids: Tensor) -> Submesh:
    """Mesh of the faces `face_ids` with the vertices they use, in their old order."""
    vert_ids, renumbered = torch.unique(faces[face_ids], sorted=True, return_inverse=True)
    return Submesh(verts[vert_ids], renumbered.reshape(-1, 3), vert_ids)
