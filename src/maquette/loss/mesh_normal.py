"""Pixel2Mesh's normal loss: edges at right angles to the target's normals."""

import torch
from jaxtyping import Float
from torch import Tensor

from ..ops.knn import knn_points
from ..ops.topology import edge_ends
from ..structures import Meshes
from ._reduce import mean_over_meshes, zero_loss


def mesh_normal_loss(
    meshes: Meshes,
    target_points: Float[Tensor, "mesh point 3"],
    target_normals: Float[Tensor, "mesh point 3"],
    target_lengths: Tensor | None = None,
    unit_edges: bool = False,
) -> Tensor:
    """(1/N) sum over meshes of the mean over vertices p and their neighbours k of <p - k, n_q>^2.

    q is the target point nearest to p and n_q its normal (Wang et al., Pixel2Mesh, 2018, equation 3), so
    edges at p are drawn into the tangent plane of the target. The paper sums; this takes the mean, to weigh
    meshes of any size alike.

    Args:
        meshes: N predicted meshes.
        target_points: points on the targets.
        target_normals: unit normals there.
        target_lengths: (N,) int64 number of points of each target when padded; None: all.
        unit_edges: scale edges to length 1, as the public code of Pixel2Mesh does; the loss is then the mean
            squared cosine. An edge of length 0 costs nothing.

    Returns:
        scalar; a zero of shape (1,) for an empty batch. Differentiable in the vertices and the normals; the
        choice of the nearest point is constant.
    """
    if meshes.isempty() or target_points.shape[1] == 0:
        return zero_loss(meshes)
    normals = _nearest_normals(meshes, target_points, target_normals, target_lengths)
    verts, edges = meshes.verts_packed(), meshes.edges_packed()
    begin, end = edge_ends(verts, edges)
    along = begin - end
    if unit_edges:
        along = torch.nn.functional.normalize(along, dim=1, eps=1e-12)
    slopes = [(along * side).sum(1).square() for side in edge_ends(normals, edges)]
    both = (slopes[0] + slopes[1]) / 2
    return mean_over_meshes(both, meshes.edges_packed_to_mesh_idx(), meshes.num_edges_per_mesh())


def _nearest_normals(meshes: Meshes, points: Tensor, normals: Tensor, lengths: Tensor | None) -> Tensor:
    """Normal of the target point nearest to every packed vertex."""
    # Forms of meshes are made and kept at the first request: not inside no_grad, or they would lose their graph.
    verts, counts = meshes.verts_padded().detach(), meshes.num_verts_per_mesh()
    nearest = knn_points(verts, points.detach(), counts, lengths, K=1).idx
    padded = normals.gather(1, nearest.expand(-1, -1, 3))
    return padded.reshape(-1, 3).index_select(0, meshes.verts_padded_to_packed_idx())
