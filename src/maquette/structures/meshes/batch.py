"""`Meshes`: a batch of triangle meshes of different sizes."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from ..batch import Index, chosen_places, require_copies, require_place
from ..fragments import Fragments
from ..textures_base import TexturesBase
from .forms import RepeatedFaces
from .geometry import MeshGeometry
from .parse import parse_verts_faces, parse_verts_normals
from .repeat import repeat_counts, repeat_rows
from .submeshes import cut_submesh


class Meshes(MeshGeometry):
    """A batch of triangle meshes, to be had as lists, packed or padded tensors.

    Same interface as PyTorch3D's class of this name. Differs in that vertices are never written in place (the
    `_`-methods replace this object's tensors, not their contents), that packed and padded vertices share
    memory where all meshes have as many vertices, and that edges are found once for a batch and all those
    made of it by `extend`, `offset_verts`, `scale_verts` and `update_padded`.
    """

    _INTERNAL_TENSORS = (
        "valid",
        "_num_verts_per_mesh",
        "_num_faces_per_mesh",
        "_verts_packed_to_mesh_idx",
        "_mesh_to_verts_packed_first_idx",
        "_verts_padded_to_packed_idx",
        "_faces_packed_to_mesh_idx",
        "_mesh_to_faces_packed_first_idx",
    )
    _DERIVED_TENSORS = (
        "_verts_packed",
        "_verts_padded",
        "_faces_packed",
        "_faces_padded",
        "_edges_packed",
        "_edges_packed_to_mesh_idx",
        "_num_edges_per_mesh",
        "_mesh_to_edges_packed_first_idx",
        "_faces_packed_to_edges_packed",
        "_faces_areas_packed",
        "_faces_normals_packed",
        "_verts_normals_packed",
        "_laplacian_packed",
    )

    def __init__(
        self,
        verts: list[Tensor] | Tensor,
        faces: list[Tensor] | Tensor,
        textures: Any = None,
        *,
        verts_normals: list[Tensor] | Tensor | None = None,
    ) -> None:
        """Check and keep vertices and faces; everything else is computed when asked for.

        Args:
            verts: list of N tensors (V_n, 3), or a tensor (N, V, 3). Rows that no face uses are kept.
            faces: list of N integer tensors (F_n, 3) of indices into the mesh's own vertices, or a tensor
                (N, F, 3). Rows with a negative index are padding; in a tensor they stand at the end.
            textures: what colours the meshes: `TexturesVertex`, `TexturesUV` or `TexturesAtlas`.
            verts_normals: normals to use instead of computed ones, in the form of `verts`. They are
                computed anew when vertices are moved by different offsets.

        Raises:
            ValueError: shapes, devices or padding that do not fit together, or no texture object.
        """
        if textures is not None and not hasattr(textures, "sample_textures"):
            raise ValueError(
                f"Expected textures to be an instance of type TexturesBase; got {type(textures)!r}"
            )
        given = parse_verts_faces(verts, faces)
        self._forget_forms()
        self._forget_geometry()
        self.device = given.device
        self._verts_list, self._verts_padded = given.verts_list, given.verts_padded
        self._faces_list, self._faces_padded = given.faces_list, given.faces_padded
        self._set_counts(given.verts_counts, given.faces_counts)
        self.textures: TexturesBase | None = textures
        if textures is not None:
            self._adopt(textures)
        if verts_normals is not None:
            self._verts_normals_packed = parse_verts_normals(verts_normals, given.verts_counts)

    def _set_counts(self, verts_counts: list[int], faces_counts: list[int]) -> None:
        self._verts_counts, self._faces_counts = verts_counts, faces_counts
        self._N = len(verts_counts)
        self._V, self._F = max(verts_counts, default=0), max(faces_counts, default=0)
        self.equisized = self._same_verts_count() and self._same_faces_count()
        self.valid = torch.tensor(
            [v > 0 and f > 0 for v, f in zip(verts_counts, faces_counts, strict=True)],
            dtype=torch.bool,
            device=self.device,
        )
        empty = self._is_empty()
        self._num_verts_per_mesh, self._num_faces_per_mesh = (
            torch.tensor([] if empty else counts, dtype=torch.int64, device=self.device)
            for counts in (verts_counts, faces_counts)
        )

    def _check_textures(self, textures: TexturesBase) -> None:
        if not textures.check_shapes(self._N, self._V, self._F):
            raise ValueError("Textures do not match the dimensions of Meshes.")

    def _adopt(self, textures: TexturesBase) -> None:
        """Check that textures fit and tell them the sizes of the meshes."""
        self._check_textures(textures)
        empty = self._is_empty()
        textures._num_faces_per_mesh = [] if empty else list(self._faces_counts)
        textures._num_verts_per_mesh = [] if empty else list(self._verts_counts)
        textures.valid = self.valid

    def __getitem__(self, index: Index) -> "Meshes":
        chosen = chosen_places(index, self._N)
        verts, faces = self.verts_list(), self.faces_list()
        textures = (
            None if self.textures is None else self.textures[chosen if isinstance(index, Tensor) else index]
        )
        return self.__class__([verts[i] for i in chosen], [faces[i] for i in chosen], textures)

    def _map_tensors(self, change: Callable[[Tensor], Tensor]) -> "Meshes":
        """Shallow copy with `change` applied to every tensor in it."""
        other = copy.copy(self)
        other._verts_list = [change(v) for v in self.verts_list()]
        other._faces_list = [change(f) for f in self.faces_list()]
        other._repeated_verts = other._repeated_faces = other._shared_edges = None
        other._edge_copies = 1
        for name in self._INTERNAL_TENSORS + self._DERIVED_TENSORS:
            value = getattr(self, name)
            if torch.is_tensor(value):
                setattr(other, name, change(value))
        return other

    def clone(self) -> "Meshes":
        """Copy in memory of its own."""
        other = self._map_tensors(torch.clone)
        if self.textures is not None:
            other.textures = self.textures.clone()
        return other

    def detach(self) -> "Meshes":
        """The same tensors cut off from the autograd graph."""
        other = self._map_tensors(torch.detach)
        other._shared_edges, other._edge_copies = self._shared_edges, self._edge_copies
        if self.textures is not None:
            other.textures = self.textures.detach()
        return other

    def _moved(self, device: torch.device) -> "Meshes":
        other = self._map_tensors(lambda tensor: tensor.to(device))
        other.device = device
        if self.textures is not None:
            other.textures = self.textures.clone().to(device)
        return other

    def get_mesh_verts_faces(self, index: int) -> tuple[Tensor, Tensor]:
        """Copies of the vertices (V_n, 3) and faces (F_n, 3) of one mesh; gradients flow through them.

        Raises:
            ValueError: `index` is no int or out of [0, N).
        """
        require_place(index, self._N, "Mesh", "meshes")
        return self.verts_list()[index].clone(), self.faces_list()[index].clone()

    def _replace_verts(self, packed: Tensor) -> None:
        """Take new packed vertices and forget every form of the old ones."""
        if self._is_empty():
            return
        self._verts_list = self._verts_padded = self._repeated_verts = None
        self._verts_packed = packed

    def offset_verts_(self, vert_offsets_packed: Tensor) -> "Meshes":
        """Add offsets to the vertices of this object.

        Normals and areas are kept under one common shift and computed anew otherwise.

        Args:
            vert_offsets_packed: (3,) or (sum V_n, 3).

        Raises:
            ValueError: any other shape.
        """
        verts = self.verts_packed()
        rigid = vert_offsets_packed.shape == (3,)
        if not rigid and vert_offsets_packed.shape != verts.shape:
            raise ValueError("Verts offsets must have dimension (all_v, 3).")
        self._replace_verts(verts + vert_offsets_packed)
        if not rigid:
            self._refresh_geometry()
        return self

    def offset_verts(self, vert_offsets_packed: Tensor) -> "Meshes":
        """Like `offset_verts_` on a new object."""
        return self._shallow_copy().offset_verts_(vert_offsets_packed)

    def scale_verts_(self, scale: float | Tensor) -> "Meshes":
        """Multiply the vertices of this object by one number, or by one number a mesh (N,)."""
        if torch.is_tensor(scale):
            scale = scale[self.verts_packed_to_mesh_idx()][:, None]
        self._replace_verts(self.verts_packed() * scale)
        self._forget_face_geometry()
        return self

    def scale_verts(self, scale: float | Tensor) -> "Meshes":
        """Like `scale_verts_` on a new object."""
        return self._shallow_copy().scale_verts_(scale)

    def _shallow_copy(self) -> "Meshes":
        """New object over the same tensors, with textures of its own; edges found later are shared."""
        if not self._is_empty():
            self._edge_source()
        other = copy.copy(self)
        if self.textures is not None:
            other.textures = self.textures.clone()
        return other

    def update_padded(self, new_verts_padded: Tensor) -> "Meshes":
        """New batch of the same faces and textures with other vertices.

        Args:
            new_verts_padded: (N, max V_n, 3).

        Raises:
            ValueError: another shape.
        """
        names = ("batch dimension", "number of points", "dimension")
        for name, got, wanted in zip(names, new_verts_padded.shape, (self._N, self._V, 3), strict=True):
            if got != wanted:
                raise ValueError(f"new values must have the same {name}.")
        self.faces_padded()
        if not self._is_empty():
            self._edge_source()
        if self._verts_packed is not None:
            self._compute_packed()
        other = copy.copy(self)
        other._verts_padded = new_verts_padded
        other._verts_list = other._verts_packed = other._repeated_verts = None
        other._forget_geometry()
        other._laplacian_packed = self._laplacian_packed
        if self._verts_packed is not None:
            other.verts_packed()
        return other

    def extend(self, N: int) -> "Meshes":
        """New batch in which every mesh comes `N` times in a row.

        Raises:
            ValueError: `N` is no positive int.
        """
        require_copies(N)
        textures = None if self.textures is None else self.textures.extend(N)
        if self._is_empty():
            verts = [v.clone() for v in self.verts_list() for _ in range(N)]
            faces = [f.clone() for f in self.faces_list() for _ in range(N)]
            return self.__class__(verts, faces, textures)
        other = copy.copy(self)
        other._forget_forms()
        other._forget_geometry()
        other._repeated_verts = repeat_rows(self.verts_packed(), self._verts_counts, N)
        other._repeated_faces = RepeatedFaces(N, self)
        other._shared_edges, other._edge_copies = self._edge_source(), self._edge_copies * N
        other._set_counts(repeat_counts(self._verts_counts, N), repeat_counts(self._faces_counts, N))
        other.textures = textures
        if textures is not None:
            other._adopt(textures)
        return other

    def submeshes(self, face_indices: Sequence[Sequence[Tensor]] | Sequence[Tensor] | Tensor) -> "Meshes":
        """New batch of parts of the meshes.

        Args:
            face_indices: for each mesh the parts to cut out of it, each given by the indices of its faces:
                nested lists of (F_part,) tensors, a list of (parts, F_part) tensors, or a (N, parts,
                F_part) tensor.

        Returns:
            one mesh a part, in order, with the vertices that its faces use.

        Raises:
            ValueError: the number of meshes differs.
        """
        if len(face_indices) != len(self):
            raise ValueError(
                "You must specify exactly one set of submeshes for each mesh in this Meshes object."
            )
        parts, vert_ids = [], []
        for chosen, verts, faces in zip(face_indices, self.verts_list(), self.faces_list(), strict=True):
            cut = [cut_submesh(verts, faces, ids) for ids in chosen]
            parts.extend(cut)
            vert_ids.append([part.vert_ids for part in cut])
        textures = None
        if self.textures is not None:
            textures = self.textures.submeshes(vert_ids, [list(chosen) for chosen in face_indices])
        return self.__class__([part.verts for part in parts], [part.faces for part in parts], textures)

    def sample_textures(self, fragments: Fragments) -> Tensor:
        """Texture value at every rasterized sample.

        Args:
            fragments: rasterizer output, (N, H, W, K) face indices and barycentric coordinates.

        Returns:
            (N, H, W, K, C).

        Raises:
            ValueError: the meshes have no textures, or textures of other sizes.
        """
        if self.textures is None:
            raise ValueError("Meshes does not have textures")
        self._check_textures(self.textures)
        return self.textures.sample_textures(fragments, faces_packed=self.faces_packed())
