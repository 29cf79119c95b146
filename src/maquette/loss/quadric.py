"""Quadric loss: squared distances to the planes around each vertex of the target."""

import torch
from jaxtyping import Float
from torch import Tensor

from ..ops.knn import knn_points
from ..structures import Meshes


def vertex_quadrics(meshes: Meshes) -> Float[Tensor, "mesh vert 4 4"]:
    """Sum over the faces at each vertex of p p^T, with p = (n, -n . v) the plane of the face.

    Not weighted by area and not averaged. A face without area has no plane and adds nothing. The quadrics
    belong to the coordinates they are built in: build them after any normalisation of the target.

    Args:
        meshes: N target meshes.

    Returns:
        (N, max V_n, 4, 4) symmetric positive semi-definite; 0 where the batch is padded. Summed in float64.
    """
    verts, faces = meshes.verts_packed().detach().double(), meshes.faces_packed()
    v0, v1, v2 = verts[faces].unbind(1)
    cross = torch.linalg.cross(v1 - v0, v2 - v0)
    length = cross.norm(dim=1, keepdim=True)
    normal = torch.where(length > 0, cross / length.where(length > 0, 1.0), 0.0)
    plane = torch.cat([normal, -(normal * v0).sum(1, keepdim=True)], dim=1)
    of_face = (plane[:, :, None] * plane[:, None, :]).reshape(-1, 16)
    packed = verts.new_zeros(len(verts), 16).index_add(0, faces.t().reshape(-1), of_face.repeat(3, 1))
    padded = packed.new_zeros(meshes.verts_padded().shape[:2].numel(), 16)
    if len(packed):
        padded[meshes.verts_padded_to_packed_idx()] = packed
    return padded.view(*meshes.verts_padded().shape[:2], 4, 4).to(meshes.verts_padded().dtype)


def quadric_loss(
    points: Float[Tensor, "batch point 3"],
    target_verts: Float[Tensor, "batch vert 3"],
    quadrics: Float[Tensor, "batch vert 4 4"],
    lengths: Tensor | None = None,
    target_lengths: Tensor | None = None,
) -> Float[Tensor, ""]:
    """(1/N) sum over batch and target vertices t of s^T Q_t s, s = (x, y, z, 1) the point nearest to t.

    It equals the sum over target vertices and their faces of the squared distance of s(t) to the plane of the
    face (Agarwal et al., Learning Embedding of 3D Models with Quadric Loss, 2019): small where points lie on
    the surface, free along flat parts, steep at edges and corners. Points nearest to no vertex are not
    touched, so pair it with a chamfer distance.

    Args:
        points: reconstructed points.
        target_verts: vertices of the target meshes, padded.
        quadrics: of these vertices, by `vertex_quadrics`; those of padding must be 0, as they are there.
        lengths: (batch,) int64 number of points of each item when padded; None: all.
        target_lengths: (batch,) int64 number of target vertices of each item; None: all.

    Returns:
        scalar, 0 for an empty batch. Differentiable in the points; the choice of the nearest is constant.
    """
    if points.numel() == 0 or target_verts.numel() == 0:
        return (points * 0).sum()
    with torch.no_grad():
        nearest = knn_points(target_verts, points, target_lengths, lengths, K=1).idx
    s = points.gather(1, nearest.expand(-1, -1, 3))
    linear, square = quadrics[..., :3, 3], quadrics[..., :3, :3]
    values = (s * ((square @ s[..., None])[..., 0] + 2 * linear)).sum(-1) + quadrics[..., 3, 3]
    return values.sum() / len(points)
