"""Unique edges of a batch of meshes, found from its faces."""

from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from ..utils import packed_indices
from .repeat import repeat_counts, repeat_pointers


class Edges(NamedTuple):
    """Unique edges of a batch in packed form.

    edges: (E, 2) vertex indices, smaller first, in ascending order.
    to_mesh: (E,) mesh of every edge.
    per_mesh: (N,) int32, number of edges in every mesh.
    first: (N,) index of the first edge of every mesh.
    of_faces: (F, 3) edge opposite to every corner of a face.
    """

    edges: Int[Tensor, "edge 2"]
    to_mesh: Int[Tensor, " edge"]
    per_mesh: Int[Tensor, " mesh"]
    first: Int[Tensor, " mesh"]
    of_faces: Int[Tensor, "face 3"]


def find_edges(faces: Int[Tensor, "face 3"], vert_to_mesh: Int[Tensor, " vert"], num_meshes: int) -> Edges:
    """Find the unique undirected edges of packed faces.

    Every edge becomes one integer, smaller vertex times the number of vertices plus larger vertex, so that
    one sort of integers finds the distinct ones in order.
    """
    num_verts = max(len(vert_to_mesh), 1)
    begin, end = faces[:, [1, 2, 0]].t(), faces[:, [2, 0, 1]].t()
    key = torch.minimum(begin, end) * num_verts + torch.maximum(begin, end)
    distinct, of_faces = torch.unique(key.reshape(-1), return_inverse=True)
    low = torch.div(distinct, num_verts, rounding_mode="floor")
    edges = torch.stack([low, distinct - low * num_verts], dim=1)
    to_mesh = vert_to_mesh[low]
    count = torch.bincount(to_mesh, minlength=num_meshes)
    return Edges(edges, to_mesh, count.int(), count.cumsum(0) - count, of_faces.reshape(3, -1).t())


class SharedEdges:
    """Edges of one batch, found at the first request and kept for every batch that has the same faces."""

    def __init__(self, faces_list: list[Tensor], verts_counts: list[int]):
        self._faces_list = faces_list
        self._verts_counts = verts_counts
        self._edges: Edges | None = None

    def get(self) -> Edges:
        """Edges of the batch."""
        if self._edges is None:
            device = self._faces_list[0].device
            first, vert_to_mesh = packed_indices(self._verts_counts, device)
            owner = packed_indices([len(faces) for faces in self._faces_list], device)[1]
            faces = torch.cat(self._faces_list) + first[owner][:, None]
            self._edges = find_edges(faces, vert_to_mesh, len(self._verts_counts))
        return self._edges

    def repeated(self, copies: int) -> Edges:
        """Edges of the batch in which each mesh comes `copies` times in a row, without another search."""
        source = self.get()
        faces_counts = [len(faces) for faces in self._faces_list]
        edges_counts = source.per_mesh.tolist()
        counts = repeat_counts(edges_counts, copies)
        device = source.edges.device
        first, to_mesh = packed_indices(counts, device)
        return Edges(
            repeat_pointers(source.edges, edges_counts, self._verts_counts, copies),
            to_mesh,
            torch.tensor(counts, dtype=torch.int32, device=device),
            first,
            repeat_pointers(source.of_faces, faces_counts, edges_counts, copies),
        )
