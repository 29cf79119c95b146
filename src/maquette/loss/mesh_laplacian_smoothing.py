"""Laplacian smoothing regulariser with uniform, cotangent and curvature weights."""

import torch
from torch import Tensor

from ..ops.laplacian_matrices import cotangents
from ..ops.topology import num_neighbours, sum_neighbours
from ..structures import Meshes
from ._reduce import mean_over_meshes, zero_loss


def mesh_laplacian_smoothing(meshes: Meshes, method: str = "uniform") -> Tensor:
    """(1/N) sum over meshes of the mean over vertices of the length of the Laplacian at the vertex.

    With neighbours j of vertex i, angles a_ij and b_ij opposite to the edge and A_i the summed areas of the
    faces at i (Desbrun et al., Implicit Fairing of Irregular Meshes, 1999):

    - "uniform": mean over j of v_j, minus v_i;
    - "cot": weighted mean over j with weights w_ij = cot a_ij + cot b_ij, minus v_i;
    - "cotcurv": sum over j of w_ij (v_j - v_i) / (4 A_i).

    Args:
        meshes: N meshes.
        method: one of the above.

    Returns:
        scalar; a zero of shape (1,) for an empty batch. Weights are constants to the gradient. Follows
        PyTorch3D's loss of this name.

    Raises:
        ValueError: another method.
    """
    if meshes.isempty():
        return zero_loss(meshes)
    if method == "uniform":
        delta = uniform_laplacian_coordinates(meshes)
    elif method in ("cot", "cotcurv"):
        delta = _cotangent_coordinates(meshes, curvature=method == "cotcurv")
    else:
        raise ValueError("Method should be one of {uniform, cot, cotcurv}")
    return mean_over_meshes(delta.norm(dim=1), meshes.verts_packed_to_mesh_idx(), meshes.num_verts_per_mesh())


def uniform_laplacian_coordinates(meshes: Meshes) -> Tensor:
    """(sum V_n, 3): mean of each vertex's neighbours minus the vertex; minus the vertex where it has none."""
    verts, edges = meshes.verts_packed(), meshes.edges_packed()
    degree = num_neighbours(edges, len(verts)).to(verts.dtype)
    return sum_neighbours(verts, edges) / degree.clamp(min=1)[:, None] - verts


def _cotangent_coordinates(meshes: Meshes, curvature: bool) -> Tensor:
    verts, edges = meshes.verts_packed(), meshes.edges_packed()
    faces, edge_of_face = meshes.faces_packed(), meshes.faces_packed_to_edges_packed()
    with torch.no_grad():
        # Heron's formula loses half of float32's digits, and float64 costs nothing here.
        corner, areas = (x.to(verts.dtype) for x in cotangents(verts.double(), faces))
        weights = corner.new_zeros(len(edges)).index_add(0, edge_of_face.reshape(-1), corner.reshape(-1))
        total = sum_neighbours(torch.ones_like(verts[:, :1]), edges, weights)
    summed = sum_neighbours(verts, edges, weights)
    if not curvature:
        return summed * total.reciprocal().where(total > 0, total) - verts
    around = areas.new_zeros(len(verts)).index_add(0, faces.reshape(-1), areas.repeat_interleave(3))
    scale = around.reciprocal().where(around > 0, 0.0) * 0.25
    return (summed - total * verts) * scale[:, None]
