"""SoftRas' flatten loss on the dihedral angles of a mesh."""

from torch import Tensor

from ..ops.topology import adjacent_faces, pair_cosines
from ..structures import Meshes
from ._reduce import zero_loss


def mesh_flatten_loss(meshes: Meshes) -> Tensor:
    """(1/N) sum over meshes of the sum over adjacent faces of (cos t + 1)^2.

    t is the dihedral angle at the common edge, 180 degrees (cos t = -1) where the surface is flat (Liu et
    al., Soft Rasterizer, 2019). It is had from the normals as if oriented alike, since cos t = -cos(n0, n1).

    Args:
        meshes: N meshes.

    Returns:
        scalar; a zero of shape (1,) when no faces share an edge. A face without area counts as cos t = 0 with
        each neighbour.
    """
    if meshes.isempty():
        return zero_loss(meshes)
    if len(adjacent_faces(meshes).to_mesh) == 0:
        return zero_loss(meshes)
    return (1 - pair_cosines(meshes)).square().sum() / len(meshes)
