"""What follows from vertices and faces: areas, normals, Laplacian, boxes."""

import torch
from jaxtyping import Float
from torch import Tensor

from ..utils import present
from .forms import MeshForms
from .laplacian import uniform_laplacian
from .normals import face_areas_normals, vert_normals


class MeshGeometry(MeshForms):
    """Areas, normals, Laplacian and bounding boxes of a batch; computed at the first request and kept."""

    def _forget_geometry(self) -> None:
        self._forget_face_geometry()
        self._verts_normals_packed: Tensor | None = None
        self._laplacian_packed: Tensor | None = None

    def _forget_face_geometry(self) -> None:
        self._faces_areas_packed: Tensor | None = None
        self._faces_normals_packed: Tensor | None = None

    def _refresh_geometry(self) -> None:
        """After vertices moved: forget areas and face normals; vertex normals, once there, stay there."""
        self._forget_face_geometry()
        if self._verts_normals_packed is not None:
            self._compute_vertex_normals(refresh=True)

    def _compute_face_areas_normals(self, refresh: bool = False) -> None:
        if refresh or self._faces_areas_packed is None:
            areas, normals = face_areas_normals(self.verts_packed(), self.faces_packed())
            self._faces_areas_packed, self._faces_normals_packed = areas, normals

    def _compute_vertex_normals(self, refresh: bool = False) -> None:
        if refresh or self._verts_normals_packed is None:
            self._verts_normals_packed = self._find_vertex_normals()

    def _find_vertex_normals(self) -> Float[Tensor, "vert 3"]:
        if self._repeated_verts is not None and self._repeated_faces is not None:
            return self._repeated_faces.verts_normals_packed()
        return vert_normals(self.verts_packed(), self.faces_packed())

    def faces_areas_packed(self) -> Float[Tensor, " face"]:
        """Area of every packed face (sum F_n,)."""
        self._compute_face_areas_normals()
        return present(self._faces_areas_packed)

    def faces_normals_packed(self) -> Float[Tensor, "face 3"]:
        """Unit normal of every packed face (sum F_n, 3), along (v1 - v0) x (v2 - v0)."""
        self._compute_face_areas_normals()
        return present(self._faces_normals_packed)

    def faces_normals_list(self) -> list[Tensor]:
        """Face normals as a list of N tensors (F_n, 3)."""
        if self._is_empty():
            return [torch.empty((0, 3), device=self.device)] * self._N
        return list(self.faces_normals_packed().split(self._faces_counts))

    def faces_normals_padded(self) -> Float[Tensor, "mesh face 3"]:
        """Face normals (N, max F_n, 3), filled up with 0."""
        if self._is_empty():
            return torch.zeros((self._N, 0, 3), device=self.device)
        return self._pad_packed_faces(self.faces_normals_packed(), 0)

    def has_verts_normals(self) -> bool:
        """Whether vertex normals were given or have been computed."""
        return self._verts_normals_packed is not None

    def verts_normals_packed(self) -> Float[Tensor, "vert 3"]:
        """Unit normal of every packed vertex (sum V_n, 3): area-weighted mean over its faces, or as given."""
        self._compute_vertex_normals()
        return present(self._verts_normals_packed)

    def verts_normals_list(self) -> list[Tensor]:
        """Vertex normals as a list of N tensors (V_n, 3)."""
        if self._is_empty():
            return [torch.empty((0, 3), device=self.device)] * self._N
        return list(self.verts_normals_packed().split(self._verts_counts))

    def verts_normals_padded(self) -> Float[Tensor, "mesh vert 3"]:
        """Vertex normals (N, max V_n, 3), filled up with 0."""
        if self._is_empty():
            return torch.zeros((self._N, 0, 3), device=self.device)
        return self._pad_packed_verts(self.verts_normals_packed())

    def laplacian_packed(self) -> Float[Tensor, "vert vert"]:
        """Sparse uniform Laplacian (sum V_n, sum V_n): -1 on the diagonal, 1/degree(i) at edge (i, j)."""
        if self._laplacian_packed is None:
            self._laplacian_packed = uniform_laplacian(len(self.verts_packed()), self.edges_packed())
        return self._laplacian_packed

    def get_bounding_boxes(self) -> Float[Tensor, "mesh 3 2"]:
        """Smallest and largest coordinate of every mesh along each axis (N, 3, 2)."""
        boxes = [torch.stack([verts.amin(0), verts.amax(0)], dim=1) for verts in self.verts_list()]
        return torch.stack(boxes, dim=0)
