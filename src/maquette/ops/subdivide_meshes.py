"""Subdivision of triangle meshes: a new vertex on every edge, four faces for each."""

import torch
from torch import Tensor, nn

from ..structures import Meshes

__all__ = ["SubdivideMeshes"]


class SubdivideMeshes(nn.Module):
    """Split every face at the midpoints of its edges into four faces of the same orientation.

    Same results, order of vertices and faces included, as PyTorch3D's module of this name. A face (0, 1, 2)
    whose edges opposite to its corners have the midpoints a, b, c becomes (0, c, b), (1, a, c), (2, b, a) and
    (a, b, c); a mesh holds first all faces at corner 0, then those at corners 1 and 2, then the inner ones.
    """

    _subdivided_faces: Tensor

    def __init__(self, meshes: Meshes | None = None) -> None:
        """
        Args:
            meshes: if given, the faces of its first mesh are subdivided now and used for every mesh that
                `forward` is given, which then must all have the faces of that mesh.
        """
        super().__init__()
        self.precomputed = meshes is not None
        if meshes is not None:
            self.register_buffer("_subdivided_faces", self.subdivide_faces(meshes[0]))

    def subdivide_faces(self, meshes: Meshes) -> Tensor:
        """Faces of the subdivided batch.

        Args:
            meshes: batch of meshes.

        Returns:
            (4 sum F_n, 3): all faces at corner 0 of the batch first; the midpoint of packed edge e is number
            sum V_n + e.
        """
        corner = meshes.faces_packed().unbind(1)
        middle = (meshes.faces_packed_to_edges_packed() + len(meshes.verts_packed())).unbind(1)
        return _four_faces(corner, middle)

    def forward(self, meshes: Meshes, feats: Tensor | None = None) -> Meshes | tuple[Meshes, Tensor]:
        """Subdivide a batch.

        Args:
            meshes: N meshes.
            feats: features of the packed vertices, (sum V_n, D), or (N, V, D) when the module was made for
                one topology; a new vertex gets the mean over its edge.

        Returns:
            the subdivided meshes, without textures: of each mesh first its old vertices, then one an edge.
            With `feats`, also those of the new meshes, packed, or (N, V + E, D) for one topology.
            Differentiable in vertices and features.

        Raises:
            ValueError: features of another rank.
        """
        if self.precomputed:
            return self.subdivide_homogeneous(meshes, feats)
        return self.subdivide_heterogenerous(meshes, feats)

    def subdivide_homogeneous(
        self, meshes: Meshes, feats: Tensor | None = None
    ) -> Meshes | tuple[Meshes, Tensor]:
        """`forward` for N meshes that all have the faces that this module was made for."""
        verts, edges = meshes.verts_padded(), meshes[0].edges_packed()
        faces = self._subdivided_faces.expand(len(meshes), -1, -1)
        new_meshes = Meshes(verts=_add_middles(verts, edges, 1), faces=faces)
        if feats is None:
            return new_meshes
        if feats.dim() == 2:
            feats = feats.view(*verts.shape[:2], feats.shape[1])
        if feats.dim() != 3:
            raise ValueError("features need to be of shape (N, V, D) or (N*V, D)")
        return new_meshes, _add_middles(feats, edges, 1)

    def subdivide_heterogenerous(
        self, meshes: Meshes, feats: Tensor | None = None
    ) -> Meshes | tuple[Meshes, Tensor]:
        """`forward` for meshes that each have faces of their own (the name is PyTorch3D's)."""
        if meshes.isempty():
            same = Meshes(verts=list(meshes.verts_list()), faces=list(meshes.faces_list()))
            return same if feats is None else (same, feats)
        verts, faces, rows = [], [], []
        edge_counts = meshes.num_edges_per_mesh().tolist()
        vert_counts = meshes.num_verts_per_mesh().tolist()
        first_vert = meshes.mesh_to_verts_packed_first_idx()
        edges = meshes.edges_packed().split(edge_counts)
        edge_of_face = meshes.faces_packed_to_edges_packed().split(meshes.num_faces_per_mesh().tolist())
        first_edge = meshes.mesh_to_edges_packed_first_idx()
        parts = () if feats is None else feats.split(vert_counts)
        for n, (mesh_verts, mesh_faces) in enumerate(
            zip(meshes.verts_list(), meshes.faces_list(), strict=True)
        ):
            own_edges = edges[n] - first_vert[n]
            middle = (edge_of_face[n] - first_edge[n] + len(mesh_verts)).unbind(1)
            verts.append(_add_middles(mesh_verts.reshape(-1, 3), own_edges, 0))
            faces.append(_four_faces(mesh_faces.reshape(-1, 3).unbind(1), middle))
            if parts:
                rows.append(_add_middles(parts[n], own_edges, 0))
        new_meshes = Meshes(verts=verts, faces=faces)
        return new_meshes if feats is None else (new_meshes, torch.cat(rows))


def _four_faces(corner: tuple[Tensor, ...], middle: tuple[Tensor, ...]) -> Tensor:
    at_corners = [torch.stack([corner[k], middle[(k + 2) % 3], middle[(k + 1) % 3]], dim=1) for k in range(3)]
    return torch.cat([*at_corners, torch.stack(middle, dim=1)])


def _add_middles(rows: Tensor, edges: Tensor, axis: int) -> Tensor:
    """Rows of the vertices along `axis`, followed by the means over the edges."""
    begin, end = (rows.index_select(axis, edges[:, k]) for k in range(2))
    return torch.cat([rows, (begin + end) / 2], dim=axis)
