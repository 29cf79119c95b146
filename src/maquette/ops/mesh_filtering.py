"""Filters on the vertices of meshes."""

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from ..structures import Meshes
from .laplacian_matrices import edge_affinities
from .topology import find_neighbours

__all__ = ["taubin_smoothing"]


def taubin_smoothing(meshes: Meshes, lambd: float = 0.53, mu: float = -0.53, num_iter: int = 10) -> Meshes:
    """Smooth meshes without shrinking them (Taubin, Curve and Surface Smoothing without Shrinkage, 1995).

    Each iteration moves every vertex by `lambd`, then by `mu`, towards the mean of its neighbours weighted by
    the inverse lengths of the edges.

    Args:
        meshes: N meshes; not changed.
        lambd: share of the smoothing step, > 0.
        mu: share of the step that undoes the shrinking, < 0.
        num_iter: number of iterations.

    Returns:
        N new meshes without textures. Differentiable in the vertices. A vertex without an edge stays where it
        is.
    """
    verts, edges = meshes.verts_packed(), meshes.edges_packed()
    if len(edges) == 0:
        num_iter = 0
    for share in (lambd, mu) * num_iter:
        verts = (1 - share) * verts + share * _mean_of_neighbours(verts, edges)
    counts = [len(v) for v in meshes.verts_list()]
    if meshes.isempty():
        return Meshes(verts=list(meshes.verts_list()), faces=list(meshes.faces_list()))
    return Meshes(verts=list(verts.split(counts)), faces=list(meshes.faces_list()))


def _mean_of_neighbours(verts: Tensor, edges: Tensor) -> Tensor:
    around = find_neighbours(edges, len(verts))
    weights = edge_affinities(verts, edges).index_select(0, around.edge)
    rows = torch.cat([verts, torch.ones_like(verts[:, :1])], dim=1)
    sums = embedding_bag(
        around.vert, rows, around.first, mode="sum", per_sample_weights=weights, include_last_offset=True
    )
    lonely = around.first.diff() == 0
    total = sums[:, 3:].masked_fill(lonely[:, None], 1.0)
    return sums[:, :3].div(total).where(~lonely[:, None], verts)
