"""Sparse Laplacian matrices of graphs and triangle meshes."""

from typing import NamedTuple

import torch
from torch import Tensor

from ..structures.meshes.laplacian import uniform_laplacian
from .topology import edge_ends

__all__ = ["cot_laplacian", "cotangents", "laplacian", "norm_laplacian"]


def laplacian(verts: Tensor, edges: Tensor) -> Tensor:
    """Uniform Laplacian: L[i, i] = -1 and L[i, j] = 1 / degree(i) for every edge (i, j).

    Args:
        verts: (V, 3) vertices; only their number, type and device matter.
        edges: (E, 2) int64 vertex indices of the unique edges.

    Returns:
        sparse (V, V).
    """
    return uniform_laplacian(len(verts), edges, verts.dtype)


class Cotangents(NamedTuple):
    """Cotangents of the angles of every face, (F, 3) by corner, and areas of the faces, (F,)."""

    weights: Tensor
    areas: Tensor


def cotangents(verts: Tensor, faces: Tensor, eps: float = 1e-12) -> Cotangents:
    """Cotangent of the angle at every corner, and the area of every face by Heron's formula.

    Args:
        verts: (V, 3) vertices.
        faces: (F, 3) int64 vertex indices.
        eps: least value of the squared area, so that slivers have finite cotangents.

    Differentiable. With squared sides a2, b2, c2 opposite to the corners, cot(a) = (b2 + c2 - a2) / (4 area).
    """
    v0, v1, v2 = verts.index_select(0, faces.t().reshape(-1)).view(3, -1, 3)
    a, b, c = (v1 - v2).norm(dim=1), (v0 - v2).norm(dim=1), (v0 - v1).norm(dim=1)
    s = (a + b + c) / 2
    areas = (s * (s - a) * (s - b) * (s - c)).clamp(min=eps).sqrt()
    a2, b2, c2 = a * a, b * b, c * c
    opposite = torch.stack([b2 + c2 - a2, a2 + c2 - b2, a2 + b2 - c2], dim=1)
    return Cotangents(opposite / areas[:, None] / 4, areas)


def cot_laplacian(verts: Tensor, faces: Tensor, eps: float = 1e-12) -> tuple[Tensor, Tensor]:
    """Off-diagonal part of the cotangent Laplacian, and inverse areas around the vertices.

    Args:
        verts: (V, 3) vertices.
        faces: (F, 3) int64 vertex indices.
        eps: least squared area of a face.

    Returns:
        - sparse (V, V) matrix with L[i, j] = cot a + cot b for every edge (i, j), a and b the angles opposite
          to it, and an empty diagonal;
        - (V, 1) inverse of the summed areas of the faces at each vertex; 0 at a vertex of no face.

    Both are differentiable in the vertices.
    """
    count = len(verts)
    weights, areas = cotangents(verts, faces, eps)
    row, col = faces[:, [1, 2, 0]].reshape(-1), faces[:, [2, 0, 1]].reshape(-1)
    half = _sparse(torch.stack([row, col]), weights.reshape(-1), count)
    around = areas.new_zeros(count).index_add(0, faces.reshape(-1), areas.repeat_interleave(3))
    used = around > 0
    inverse = torch.where(used, torch.where(used, around, 1.0).reciprocal(), 0.0)
    return half + half.t(), inverse[:, None]


def norm_laplacian(verts: Tensor, edges: Tensor, eps: float = 1e-12) -> Tensor:
    """Affinities L[i, j] = 1 / (|v_i - v_j| + eps) of every edge (i, j).

    Args:
        verts: (V, 3) vertices.
        edges: (E, 2) int64 vertex indices of the unique edges.
        eps: keeps edges of length 0 finite.

    Returns:
        sparse symmetric (V, V), differentiable in the vertices.
    """
    affinity = edge_affinities(verts, edges, eps)
    half = _sparse(edges.t(), affinity, len(verts))
    return half + half.t()


def _sparse(index: Tensor, values: Tensor, size: int) -> Tensor:
    return torch.sparse_coo_tensor(index, values, (size, size), check_invariants=False)


def edge_affinities(verts: Tensor, edges: Tensor, eps: float = 1e-12) -> Tensor:
    """1 / (length + eps) of every edge (E,)."""
    begin, end = edge_ends(verts, edges)
    length: Tensor = (begin - end).norm(dim=1)
    return (length + eps).reciprocal()
