"""The flat arrays that the rasterization kernels read."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from maquette.renderer.mesh.clip import ClippedFaces
from maquette.structures.meshes import Meshes


@dataclass(frozen=True)
class PackedFaces:
    """Faces of several meshes in a row; no two meshes share a vertex."""

    verts: Float[Tensor, "vert 3"]
    faces: Int[Tensor, "face 3"]
    first: Int[Tensor, " mesh"]
    count: Int[Tensor, " mesh"]
    face_to_mesh: Int[Tensor, " face"]

    def reaches_before(self, depth: float) -> bool:
        """Whether any vertex is nearer than `depth`."""
        return bool((self.verts[:, 2] < depth).any())


def at_least_single(x: Tensor) -> Tensor:
    """Half precision to single; it would place vertices whole pixels away from where they are."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def pack_meshes(meshes: Meshes) -> PackedFaces:
    """The packed form of a batch of meshes, in single precision at least."""
    count = meshes.num_faces_per_mesh()
    if meshes.isempty():  # then its tables have no entries, but it still has as many pictures as meshes
        count = torch.zeros(len(meshes), dtype=torch.int64, device=meshes.device)
    return PackedFaces(
        at_least_single(meshes.verts_packed()),
        meshes.faces_packed(),
        torch.cumsum(count, 0) - count,
        count,
        meshes.faces_packed_to_mesh_idx(),
    )


def pack_clipped(clipped: ClippedFaces) -> PackedFaces:
    """Clipped faces as packed faces, each with three vertices of its own."""
    count = len(clipped.face_verts)
    device = clipped.face_verts.device
    faces = torch.arange(3 * count, device=device).reshape(count, 3)
    meshes = torch.arange(len(clipped.num_faces_per_mesh), device=device)
    return PackedFaces(
        clipped.face_verts.reshape(-1, 3),
        faces,
        clipped.mesh_to_face_first_idx,
        clipped.num_faces_per_mesh,
        torch.repeat_interleave(meshes, clipped.num_faces_per_mesh),
    )
