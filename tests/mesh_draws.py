"""Points of meshes at places that were drawn and stored, as Mesh R-CNN's reference values have them."""

import torch

from maquette.structures import Meshes


def at(mesh: Meshes, face: torch.Tensor, uv: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Points (N, S, 3), and the normals of their faces.

    Args:
        mesh: N meshes.
        face: (N, S) of each mesh.
        uv: (2, N, S) uniform numbers: (1 - sqrt u) a + sqrt u (1 - v) b + sqrt u v c.
    """
    first = mesh.mesh_to_faces_packed_first_idx()[:, None]
    a, b, c = mesh.verts_packed()[mesh.faces_packed()[face.long() + first]].unbind(2)
    root, v = uv[0].sqrt()[..., None], uv[1][..., None]
    normals = torch.nn.functional.normalize(torch.linalg.cross(b - a, c - a), dim=2)
    return (1 - root) * a + root * (1 - v) * b + root * v * c, normals
