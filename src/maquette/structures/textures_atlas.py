"""Textures with a small square map on each face."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .fragments import Fragments
from .textures_base import Given, Parts, TexturesBase, require_batch
from .utils import present


class TexturesAtlas(TexturesBase):
    """An R×R map a face, read at the nearest cell (Liu et al., Soft Rasterizer, ICCV 2019).

    With barycentric coordinates (a, b, c) of the corners, a R and b R select the column and row of a cell;
    below the diagonal of its square the cell itself is read, above it the cell mirrored through the map's
    centre, so that the R² triangles of a face use R² cells. Differentiable in the atlas, not in the
    coordinates.

    Args:
        atlas: list of N tensors (F_i, R, R, C), R the same in all, or one padded tensor (N, F, R, R, C).

    Raises:
        ValueError: anything else.
    """

    _batches = ("atlas",)

    def __init__(self, atlas: Given) -> None:
        require_batch(atlas, "atlas", 5, "F, R, R, C")
        if len({tuple(item.shape[1:3]) for item in atlas}) > 1 or any(
            item.shape[1] != item.shape[2] for item in atlas
        ):
            raise ValueError("Expected atlas to hold square maps (F, R, R, C) with the same value of R.")
        self._set_batch("atlas", atlas)
        self._N = len(atlas)
        self.device = atlas[0].device if self._N else torch.device("cpu")
        self._num_faces_per_mesh = [len(item) for item in atlas]
        self.valid = torch.ones(self._N, dtype=torch.bool, device=self.device)

    def atlas_padded(self) -> Tensor:
        """(N, max F_i, R, R, C), filled up with zeros."""
        return self._padded("atlas", (0, 0, 0, 3))

    def atlas_list(self) -> list[Tensor]:
        """N tensors (F_i, R, R, C)."""
        return self._listed("atlas", self._num_faces_per_mesh)

    def atlas_packed(self) -> Tensor:
        """(sum F_i, R, R, C)."""
        items = self.atlas_list()
        return torch.cat(items) if items else torch.zeros((0, 0, 0, 3), device=self.device)

    def sample_textures(self, fragments: Fragments, faces_packed: Tensor | None = None) -> Tensor:
        """Read each entry's cell of its face's map.

        Args:
            fragments: rasterizer output; `pix_to_face` and `bary_coords` are read.
            faces_packed: not used.

        Returns:
            (N, H, W, K, C); 0 where no face is.
        """
        atlas = self.atlas_packed()
        covered = fragments.pix_to_face >= 0
        if len(atlas) == 0:
            return atlas.new_zeros((*covered.shape, atlas.shape[-1]))
        size = atlas.shape[1]
        bary = torch.where(covered[..., None], fragments.bary_coords[..., :2].detach(), 0.0)
        cell = (bary * size).long().clamp(0, size - 1)  # a blurred edge reaches beyond its face
        mirrored = bary.sum(dim=-1, keepdim=True) * size - cell.sum(dim=-1, keepdim=True) > 1
        column, row = torch.where(mirrored, size - 1 - cell, cell).unbind(-1)
        texels = atlas[fragments.pix_to_face.clamp(min=0), row, column]
        return torch.where(covered[..., None], texels, 0.0)

    def faces_verts_textures_packed(self, faces_packed: Tensor | None = None) -> Tensor:
        """The cells at the corners of each face, (sum F_i, 3, C); `faces_packed` is not used."""
        atlas = self.atlas_packed()
        if atlas.shape[1] == 0:
            return atlas.new_zeros((len(atlas), 3, atlas.shape[-1]))
        return torch.stack([atlas[:, 0, -1], atlas[:, -1, 0], atlas[:, 0, 0]], dim=1)

    def submeshes(self, vertex_ids_list: Parts, faces_ids_list: Parts) -> "TexturesAtlas":
        """Textures of parts of the meshes.

        Args:
            vertex_ids_list: not used.
            faces_ids_list: element [i][j] lists the faces of mesh i that its part j keeps.

        Raises:
            IndexError: not one element a mesh.
        """
        maps, faces_ids_list = self.atlas_list(), present(faces_ids_list)
        if len(faces_ids_list) != len(maps):
            raise IndexError("faces_ids_list must have one element for each of atlas_list.")
        return type(self)(
            [item[ids] for item, parts in zip(maps, faces_ids_list, strict=True) for ids in parts]
        )

    def join_batch(self, textures: Sequence[TexturesBase]) -> "TexturesAtlas":
        """One batch of these textures followed by those of each element of `textures`.

        Raises:
            ValueError: an element is of another class or resolution.
        """
        others = [other for other in textures if isinstance(other, TexturesAtlas)]
        if len(others) < len(textures):
            raise ValueError("All textures must be of type TexturesAtlas.")
        return type(self)([item for batch in (self, *others) for item in batch.atlas_list()])

    def join_scene(self) -> "TexturesAtlas":
        """One texture for the scene that all meshes make together."""
        return type(self)([self.atlas_packed()])

    def check_shapes(self, batch_size: int, max_num_verts: int, max_num_faces: int) -> bool:
        """Whether there is one map for each face of a padded batch of meshes of this size."""
        return self._extent("atlas") == (batch_size, max_num_faces)
