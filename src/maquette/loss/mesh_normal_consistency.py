"""Normal consistency of adjacent faces."""

from torch import Tensor

from ..ops.topology import adjacent_faces, pair_cosines
from ..structures import Meshes
from ._reduce import mean_over_meshes, zero_loss


def mesh_normal_consistency(meshes: Meshes) -> Tensor:
    """(1/N) sum over meshes of the mean of 1 - cos(n0, n1) over all pairs of faces that share an edge.

    Normals are compared as if both faces ran around their common edge in opposite directions, whatever the
    order of their corners: 0 where they go on flatly, 2 where one folds back onto the other. An edge of k
    faces gives k (k - 1) / 2 pairs, an edge at a border none.

    Args:
        meshes: N meshes.

    Returns:
        scalar; a zero of shape (1,) when no faces share an edge. Follows PyTorch3D's loss of this name;
        differs in that the pairs are found once for a batch and those with moved vertices.
    """
    if meshes.isempty():
        return zero_loss(meshes)
    pairs = adjacent_faces(meshes)
    if len(pairs.to_mesh) == 0:
        return zero_loss(meshes)
    return mean_over_meshes(1 - pair_cosines(meshes), pairs.to_mesh, pairs.per_mesh)
