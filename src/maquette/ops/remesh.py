"""Meshes of a given number of faces, more or fewer than they had."""

from ..structures import Meshes
from .simplify import simplify
from .subdivide_meshes import SubdivideMeshes

__all__ = ["remesh"]

_SURPLUS = 2  # faces before simplification, as a multiple of those wanted


def remesh(meshes: Meshes, faces: int) -> Meshes:
    """Bring every mesh to about `faces` faces.

    Faces are split in four until there are at least twice as many as wanted, then edges of least quadric error are
    collapsed by the library fast-simplification: large faces become smaller, and small ones merge where the
    surface is flat. Remeshing towards an edge length while optimising is `maquette.systems.molding.remeshing`.

    Args:
        meshes: N meshes.
        faces: number of faces to reach, >= 1. The result may keep a few more where no edge can be collapsed; a mesh
            without faces keeps none.

    Returns:
        N new meshes without textures, on the same device. Not differentiable.

    Raises:
        ValueError: `faces` below 1.
    """
    parts = [_split_until(meshes[i], _SURPLUS * faces) for i in range(len(meshes))]
    verts = [part.verts_packed().detach() for part in parts]
    return simplify(Meshes(verts, [part.faces_packed() for part in parts]), faces)


def _split_until(mesh: Meshes, least: int) -> Meshes:
    mesh = Meshes(mesh.verts_list(), mesh.faces_list())
    while 0 < len(mesh.faces_packed()) < least:
        mesh = SubdivideMeshes()(mesh)
    return mesh
