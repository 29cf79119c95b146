"""Spheres of nearly equal triangles."""

import torch

from ..ops.subdivide_meshes import SubdivideMeshes
from ..structures.device import Device
from ..structures.meshes import Meshes

# The corners (0, +-1, +-phi) / |.| and their cyclic permutations, rounded to four digits as in PyTorch3D.
_SHORT, _LONG = 0.5257, 0.8507
_VERTS = [
    *((x, y, 0.0) for y in (_LONG, -_LONG) for x in (-_SHORT, _SHORT)),
    *((0.0, y, z) for z in (_LONG, -_LONG) for y in (-_SHORT, _SHORT)),
    *((x, 0.0, z) for x in (_LONG, -_LONG) for z in (-_SHORT, _SHORT)),
]
# Around corner 0, the next ring, around corner 3, and the ring between; counterclockwise from outside.
_FACES = [
    *((0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11)),
    *((1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6), (7, 1, 8)),
    *((3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9)),
    *((4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)),
]


def ico_sphere(level: int = 0, device: Device | None = None) -> Meshes:
    """Unit sphere: an icosahedron with faces cut in four `level` times, pushed onto the sphere each time.

    Vertices and faces come in PyTorch3D's order. Corners at level 0 are rounded to four digits, as there.

    Args:
        level: number of subdivisions; 10 * 4^level + 2 vertices, 20 * 4^level faces, facing outwards.
        device: where the mesh lives; the CPU by default.

    Returns:
        one mesh.

    Raises:
        ValueError: a negative level.
    """
    if level < 0:
        raise ValueError("level must be >= 0.")
    verts = torch.tensor(_VERTS, dtype=torch.float32, device=device)
    mesh = Meshes(verts=[verts], faces=[torch.tensor(_FACES, dtype=torch.int64, device=device)])
    subdivide = SubdivideMeshes()
    for _ in range(level):
        finer = subdivide(mesh)
        verts = finer.verts_packed()
        mesh = Meshes(verts=[verts / verts.norm(dim=1, keepdim=True)], faces=finer.faces_list())
    return mesh
