"""Edge length regulariser."""

from torch import Tensor

from ..ops.topology import edge_ends
from ..structures import Meshes
from ._reduce import mean_over_meshes, zero_loss


def mesh_edge_loss(meshes: Meshes, target_length: float = 0.0) -> Tensor:
    """(1/N) sum over meshes of the mean over edges of (|v0 - v1| - target_length)^2.

    Args:
        meshes: N meshes.
        target_length: length at which an edge costs nothing.

    Returns:
        scalar; a zero of shape (1,) for an empty batch. Follows PyTorch3D's loss of this name.
    """
    if meshes.isempty():
        return zero_loss(meshes)
    verts, edges = meshes.verts_packed(), meshes.edges_packed()
    begin, end = edge_ends(verts, edges)
    squared = (begin - end).square().sum(1)
    if target_length != 0.0:
        positive = squared > 0
        length = squared.where(positive, 1.0).sqrt().where(positive, 0.0)
        squared = (length - target_length).square()
    return mean_over_meshes(squared, meshes.edges_packed_to_mesh_idx(), meshes.num_edges_per_mesh())
