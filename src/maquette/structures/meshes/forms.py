"""Storage of a batch of meshes and its list, packed and padded forms."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..batch import PackedBatch
from ..utils import packed_indices, padded_positions, padded_to_list, present
from .edges import Edges, SharedEdges, find_edges
from .normals import vert_normals
from .repeat import repeat_pointers, repeat_rows


class RepeatedFaces:
    """Where a batch made by `extend` takes its faces from: those of its source and the number of copies.

    As long as the copies' vertices are those of the source, so are their normals.
    """

    def __init__(self, copies: int, source: "MeshForms"):
        self.copies = copies
        self._faces_list = source.faces_list()
        self._faces_packed = source.faces_packed()
        self._verts_packed = source.verts_packed()
        self._verts_counts = source._verts_counts
        self._faces_counts = source._faces_counts

    def faces_list(self) -> list[Tensor]:
        """Faces of every copy, each in memory of its own."""
        return [faces.clone() for faces in self._faces_list for _ in range(self.copies)]

    def faces_packed(self) -> Int[Tensor, "face 3"]:
        """Faces of all copies one after another, pointing into the packed vertices."""
        return repeat_pointers(self._faces_packed, self._faces_counts, self._verts_counts, self.copies)

    def faces_of_own_verts(self) -> Int[Tensor, "face 3"]:
        """Faces of all copies one after another, pointing into the vertices of their own mesh."""
        return repeat_rows(torch.cat(self._faces_list), self._faces_counts, self.copies)

    def verts_normals_packed(self) -> Float[Tensor, "vert 3"]:
        """Vertex normals of all copies one after another, computed once."""
        normals = vert_normals(self._verts_packed, self._faces_packed)
        return repeat_rows(normals, self._verts_counts, self.copies)


class MeshForms(PackedBatch):
    """Vertices, faces and edges of N meshes; every form is computed at its first request and kept.

    Vertices of meshes with equal vertex counts are stored once: packed and padded form share memory.
    """

    valid: Tensor
    equisized: bool
    _V: int
    _F: int
    _verts_counts: list[int]
    _faces_counts: list[int]
    _num_verts_per_mesh: Tensor
    _num_faces_per_mesh: Tensor

    def _forget_forms(self) -> None:
        """Start with no form of vertices, faces and edges computed."""
        self._verts_list: list[Tensor] | None = None
        self._verts_packed: Tensor | None = None
        self._verts_padded: Tensor | None = None
        self._faces_list: list[Tensor] | None = None
        self._faces_packed: Tensor | None = None
        self._faces_padded: Tensor | None = None
        self._verts_packed_to_mesh_idx: Tensor | None = None
        self._mesh_to_verts_packed_first_idx: Tensor | None = None
        self._faces_packed_to_mesh_idx: Tensor | None = None
        self._mesh_to_faces_packed_first_idx: Tensor | None = None
        self._verts_padded_to_packed_idx: Tensor | None = None
        self._edges_packed: Tensor | None = None
        self._edges_packed_to_mesh_idx: Tensor | None = None
        self._num_edges_per_mesh: Tensor | None = None
        self._mesh_to_edges_packed_first_idx: Tensor | None = None
        self._faces_packed_to_edges_packed: Tensor | None = None
        self._repeated_verts: Tensor | None = None
        self._repeated_faces: RepeatedFaces | None = None
        self._shared_edges: SharedEdges | None = None
        self._edge_copies = 1

    def isempty(self) -> bool | Tensor:
        """Whether no mesh of the batch has both vertices and faces: a tensor, or True where there is no mesh."""
        return self._N == 0 or ~self.valid.any()

    def _is_empty(self) -> bool:
        return not any(v > 0 and f > 0 for v, f in zip(self._verts_counts, self._faces_counts, strict=True))

    def _same_verts_count(self) -> bool:
        return len(set(self._verts_counts)) == 1

    def _same_faces_count(self) -> bool:
        return len(set(self._faces_counts)) == 1

    def num_verts_per_mesh(self) -> Int[Tensor, " mesh"]:
        """Number of vertices of every mesh (N,); of length 0 when the batch is empty."""
        return self._num_verts_per_mesh

    def num_faces_per_mesh(self) -> Int[Tensor, " mesh"]:
        """Number of faces of every mesh (N,); of length 0 when the batch is empty."""
        return self._num_faces_per_mesh

    def verts_list(self) -> list[Tensor]:
        """Vertices as a list of N tensors (V_n, 3)."""
        if self._verts_list is None:
            self._verts_list = self._list_verts()
        return self._verts_list

    def _list_verts(self) -> list[Tensor]:
        if self._verts_padded is not None:
            return padded_to_list(self._verts_padded, self._verts_counts)
        if self._verts_packed is not None:
            return list(self._verts_packed.split(self._verts_counts))
        return [part.clone() for part in present(self._repeated_verts).split(self._verts_counts)]

    def faces_list(self) -> list[Tensor]:
        """Faces as a list of N tensors (F_n, 3) of indices into the mesh's own vertices."""
        if self._faces_list is None:
            if self._repeated_faces is not None:
                self._faces_list = self._repeated_faces.faces_list()
            else:
                self._faces_list = padded_to_list(present(self._faces_padded), self._faces_counts)
        return self._faces_list

    def verts_packed(self) -> Float[Tensor, "vert 3"]:
        """Vertices of all meshes one after another (sum V_n, 3)."""
        if self._verts_packed is None:
            self._verts_packed = self._pack_verts()
        return self._verts_packed

    def _pack_verts(self) -> Float[Tensor, "vert 3"]:
        if self._is_empty():
            return torch.zeros((0, 3), device=self.device)
        if self._verts_list is None and self._verts_padded is None:
            return present(self._repeated_verts)
        if self._same_verts_count():
            return self.verts_padded().reshape(-1, 3)
        if self._verts_padded is not None:
            return self._verts_padded.reshape(-1, 3)[self.verts_padded_to_packed_idx()]
        return torch.cat(present(self._verts_list), 0)

    def verts_padded(self) -> Float[Tensor, "mesh vert 3"]:
        """Vertices (N, max V_n, 3), filled up with 0."""
        if self._verts_padded is None:
            self._verts_padded = self._pad_verts()
        return self._verts_padded

    def _pad_verts(self) -> Float[Tensor, "mesh vert 3"]:
        if self._is_empty():
            return torch.zeros((self._N, 0, 3), device=self.device)
        if not self._same_verts_count():
            return self._pad_packed_verts(self.verts_packed())
        if self._verts_list is None:
            return self.verts_packed().view(self._N, self._V, 3)
        return self._verts_list[0][None] if self._N == 1 else torch.stack(self._verts_list)

    def _pad_packed_verts(self, packed: Tensor) -> Tensor:
        """Spread values given for each packed vertex (sum V_n, C) to (N, max V_n, C)."""
        if self._same_verts_count():
            return packed.view(self._N, self._V, -1)
        flat = packed.new_zeros((self._N * self._V, packed.shape[1]))
        return flat.index_copy(0, self.verts_padded_to_packed_idx(), packed).view(self._N, self._V, -1)

    def faces_packed(self) -> Int[Tensor, "face 3"]:
        """Faces of all meshes one after another (sum F_n, 3), as indices into `verts_packed()`."""
        if self._faces_packed is None:
            self._faces_packed = self._pack_faces()
        return self._faces_packed

    def _pack_faces(self) -> Int[Tensor, "face 3"]:
        if self._is_empty():
            return torch.zeros((0, 3), dtype=torch.int64, device=self.device)
        if self._repeated_faces is not None:
            return self._repeated_faces.faces_packed()
        first = self.mesh_to_verts_packed_first_idx()
        if self._same_faces_count():
            return (self.faces_padded()[:, : self._F] + first[:, None, None]).reshape(-1, 3)
        return torch.cat(self.faces_list(), 0) + first[self.faces_packed_to_mesh_idx()][:, None]

    def faces_padded(self) -> Int[Tensor, "mesh face 3"]:
        """Faces (N, max F_n, 3) as indices into the mesh's own vertices, filled up with -1."""
        if self._faces_padded is None:
            self._faces_padded = self._pad_faces()
        return self._faces_padded

    def _pad_faces(self) -> Int[Tensor, "mesh face 3"]:
        if self._is_empty():
            return torch.zeros((self._N, 0, 3), dtype=torch.int64, device=self.device)
        if self._repeated_faces is not None:
            return self._pad_packed_faces(self._repeated_faces.faces_of_own_verts(), -1)
        if self._same_faces_count():
            faces = present(self._faces_list)
            return faces[0][None] if self._N == 1 else torch.stack(faces)
        return self._pad_packed_faces(torch.cat(self.faces_list(), 0), -1)

    def _pad_packed_faces(self, packed: Tensor, fill: int) -> Tensor:
        """Spread values given for each packed face (sum F_n, C) to (N, max F_n, C)."""
        if self._same_faces_count():
            return packed.view(self._N, self._F, -1)
        flat = packed.new_full((self._N * self._F, packed.shape[1]), fill)
        where = padded_positions(self._faces_counts, self._F, self.device)
        return flat.index_copy(0, where, packed).view(self._N, self._F, -1)

    def verts_padded_to_packed_idx(self) -> Int[Tensor, " vert"]:
        """Row of the flattened padded vertices that every packed vertex is (sum V_n,)."""
        if self._verts_padded_to_packed_idx is None:
            self._verts_padded_to_packed_idx = padded_positions(self._verts_counts, self._V, self.device)
        return self._verts_padded_to_packed_idx

    def _index_verts(self) -> None:
        counts = [] if self._is_empty() else self._verts_counts
        first, owner = packed_indices(counts, self.device)
        self._mesh_to_verts_packed_first_idx, self._verts_packed_to_mesh_idx = first, owner

    def _index_faces(self) -> None:
        counts = [] if self._is_empty() else self._faces_counts
        first, owner = packed_indices(counts, self.device)
        self._mesh_to_faces_packed_first_idx, self._faces_packed_to_mesh_idx = first, owner

    def verts_packed_to_mesh_idx(self) -> Int[Tensor, " vert"]:
        """Mesh of every packed vertex (sum V_n,)."""
        if self._verts_packed_to_mesh_idx is None:
            self._index_verts()
        return present(self._verts_packed_to_mesh_idx)

    def mesh_to_verts_packed_first_idx(self) -> Int[Tensor, " mesh"]:
        """Index of the first packed vertex of every mesh (N,)."""
        if self._mesh_to_verts_packed_first_idx is None:
            self._index_verts()
        return present(self._mesh_to_verts_packed_first_idx)

    def faces_packed_to_mesh_idx(self) -> Int[Tensor, " face"]:
        """Mesh of every packed face (sum F_n,)."""
        if self._faces_packed_to_mesh_idx is None:
            self._index_faces()
        return present(self._faces_packed_to_mesh_idx)

    def mesh_to_faces_packed_first_idx(self) -> Int[Tensor, " mesh"]:
        """Index of the first packed face of every mesh (N,)."""
        if self._mesh_to_faces_packed_first_idx is None:
            self._index_faces()
        return present(self._mesh_to_faces_packed_first_idx)

    def edges_packed(self) -> Int[Tensor, "edge 2"]:
        """Unique undirected edges (sum E_n, 2) as ascending pairs of indices into `verts_packed()`."""
        if self._edges_packed is None:
            self._set_edges(self._find_edges())
        return present(self._edges_packed)

    def edges_packed_to_mesh_idx(self) -> Int[Tensor, " edge"]:
        """Mesh of every packed edge (sum E_n,)."""
        self.edges_packed()
        return present(self._edges_packed_to_mesh_idx)

    def num_edges_per_mesh(self) -> Int[Tensor, " mesh"]:
        """Number of edges of every mesh (N,), int32."""
        self.edges_packed()
        return present(self._num_edges_per_mesh)

    def mesh_to_edges_packed_first_idx(self) -> Int[Tensor, " mesh"]:
        """Index of the first packed edge of every mesh (N,)."""
        self.edges_packed()
        return present(self._mesh_to_edges_packed_first_idx)

    def faces_packed_to_edges_packed(self) -> Int[Tensor, "face 3"]:
        """Packed edges of every face (sum F_n, 3): column i is the edge opposite to corner i."""
        self.edges_packed()
        return present(self._faces_packed_to_edges_packed)

    def _edge_source(self) -> SharedEdges:
        """Edges that this batch shares with those derived from it (before repetition)."""
        if self._shared_edges is None:
            self._shared_edges = SharedEdges(self.faces_list(), self._verts_counts)
        return self._shared_edges

    def _find_edges(self) -> Edges:
        if self._is_empty():
            return find_edges(self.faces_packed(), self.verts_packed_to_mesh_idx(), self._N)
        source = self._edge_source()
        return source.get() if self._edge_copies == 1 else source.repeated(self._edge_copies)

    def _set_edges(self, edges: Edges) -> None:
        self._edges_packed = edges.edges
        self._edges_packed_to_mesh_idx = edges.to_mesh
        self._num_edges_per_mesh = edges.per_mesh
        self._mesh_to_edges_packed_first_idx = edges.first
        self._faces_packed_to_edges_packed = edges.of_faces

    def _compute_packed(self, refresh: bool = False) -> None:
        """Compute all that is packed; with `refresh` from the lists anew."""
        if refresh:
            self.verts_list(), self.faces_list()
            self._verts_packed = self._faces_packed = None
        self.verts_packed(), self.faces_packed(), self.verts_packed_to_mesh_idx()
        self.faces_packed_to_mesh_idx()

    def _compute_padded(self, refresh: bool = False) -> None:
        """Compute padded vertices and faces; with `refresh` from the lists anew."""
        if refresh:
            self.verts_list(), self.faces_list()
            self._verts_padded = self._faces_padded = None
        self.verts_padded(), self.faces_padded()

    def _compute_edges_packed(self) -> None:
        self.edges_packed()
