"""Textures as pictures: each corner of a face has a place (u, v) in its mesh's texture map."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .fragments import Fragments
from .interpolation import interpolate_face_attributes
from .texture_scene import merge_maps
from .textures_base import Given, Parts, TexturesBase, pad_list, require_batch
from .utils import present


class TexturesUV(TexturesBase):
    """One texture map a mesh, or several of which each face uses one.

    (0, 0) is the map's lower left corner and (1, 1) its upper right one: u counts columns from the left, v
    rows from the bottom. With `align_corners` these are the centres of the corner pixels, else the pixels'
    outer corners, as in `torch.nn.functional.grid_sample`.

    Maps of different sizes are resized (bilinearly) to the largest height and width of the batch.

    Differs from PyTorch3D with several maps a mesh: `maps_ids` of a batch of unequal meshes are read by
    packed faces; a single map and `align_corners=False` sample the map that the id names.

    Args:
        maps: list of N tensors (H_i, W_i, C) or one (N, H, W, C); with `maps_ids`, (M_i, H_i, W_i, C) and
            (N, M, H, W, C).
        faces_uvs: list of N integer tensors (F_i, 3) or one (N, F, 3): for each corner a row of `verts_uvs`.
        verts_uvs: list of N tensors (V_i, 2) or one (N, V, 2): places, usually in [0, 1].
        maps_ids: list of N integer tensors (F_i,) or one (N, F): which map each face uses.
        padding_mode: what lies outside the map: "border", "zeros" or "reflection".
        align_corners: what 0 and 1 mean, see above.
        sampling_mode: "bilinear" or "nearest".

    Raises:
        ValueError: shapes, batch sizes or devices do not fit together.
    """

    _batches = ("maps", "faces_uvs", "verts_uvs", "maps_ids")
    _maps_list: list[Tensor] | None
    _maps_padded: Tensor | None
    _maps_ids_list: list[Tensor] | None
    _maps_ids_padded: Tensor | None

    def __init__(
        self,
        maps: Given,
        faces_uvs: Given,
        verts_uvs: Given,
        *,
        maps_ids: Given | None = None,
        padding_mode: str = "border",
        align_corners: bool = True,
        sampling_mode: str = "bilinear",
    ) -> None:
        require_batch(faces_uvs, "faces_uvs", 3, "F, 3", last=3)
        require_batch(verts_uvs, "verts_uvs", 3, "V, 2", last=2)
        if maps_ids is None:
            require_batch(maps, "maps", 4, "H, W, C")
        else:
            require_batch(maps, "maps", 5, "M, H, W, C")
            require_batch(maps_ids, "maps_ids", 2, "F")
            if [len(ids) for ids in maps_ids] != [len(faces) for faces in faces_uvs]:
                raise ValueError("maps_ids and faces_uvs must have the same number of faces per mesh")
        self._N = len(faces_uvs)
        self.device = faces_uvs[0].device if self._N else torch.device("cpu")
        for name, batch in (("verts_uvs", verts_uvs), ("maps", maps), ("maps_ids", maps_ids)):
            self._require_match(name, batch)
        if len({item.shape[-1] for item in maps}) > 1:
            raise ValueError("Inconsistent number of channels in maps")

        self.padding_mode = padding_mode
        self.align_corners = align_corners
        self.sampling_mode = sampling_mode
        self._set_batch("maps", maps)
        self._set_batch("faces_uvs", faces_uvs)
        self._set_batch("verts_uvs", verts_uvs)
        self._set_batch("maps_ids", maps_ids)
        self._num_faces_per_mesh = [len(item) for item in faces_uvs]
        self.valid = torch.ones(self._N, dtype=torch.bool, device=self.device)

    def _require_match(self, name: str, batch: Given | None) -> None:
        if batch is not None and len(batch) != self._N:
            raise ValueError(f"{name} and faces_uvs must have the same batch dimension")
        if batch is not None and any(item.device != self.device for item in batch):
            raise ValueError(f"{name} and faces_uvs must be on the same device")

    def faces_uvs_padded(self) -> Tensor:
        """(N, max F_i, 3), filled up with zeros."""
        return self._padded("faces_uvs", (0, 3))

    def faces_uvs_list(self) -> list[Tensor]:
        """N tensors (F_i, 3)."""
        return self._listed("faces_uvs", self._num_faces_per_mesh)

    def verts_uvs_padded(self) -> Tensor:
        """(N, max V_i, 2), filled up with zeros. V_i need not be the mesh's number of vertices."""
        return self._padded("verts_uvs", (0, 2))

    def verts_uvs_list(self) -> list[Tensor]:
        """N tensors (V_i, 2); not cut when the textures were made from a padded tensor."""
        return self._listed("verts_uvs")

    def maps_ids_padded(self) -> Tensor | None:
        """(N, max F_i), filled up with zeros, or None."""
        return None if self._maps_ids_absent() else self._padded("maps_ids", (0,))

    def maps_ids_list(self) -> list[Tensor] | None:
        """N tensors (F_i,), or None."""
        return None if self._maps_ids_absent() else self._listed("maps_ids", self._num_faces_per_mesh)

    def maps_padded(self) -> Tensor:
        """(N, H, W, C), or (N, M, H, W, C) with several maps; all resized to the largest size."""
        if self._maps_padded is None and self._maps_list:
            self._maps_padded = _resize_together(self._maps_list, self.align_corners)
        return self._padded("maps", (0, 0, 3) if self._maps_ids_absent() else (0, 0, 0, 3))

    def maps_list(self) -> list[Tensor]:
        """N tensors (H_i, W_i, C), or (M_i, H_i, W_i, C) with several maps."""
        return self._listed("maps")

    def _maps_ids_absent(self) -> bool:
        return self._maps_ids_list is None and self._maps_ids_padded is None

    def sample_textures(self, fragments: Fragments, faces_packed: Tensor | None = None) -> Tensor:
        """Interpolate (u, v) at each entry of the fragments and read the maps there.

        Args:
            fragments: rasterizer output; `pix_to_face` and `bary_coords` are read.
            faces_packed: not used.

        Returns:
            (N, H, W, K, C); where no face is, the map's value at (0, 0).
        """
        pix_to_face = fragments.pix_to_face
        N, H, W, K = pix_to_face.shape
        uvs = interpolate_face_attributes(pix_to_face, fragments.bary_coords, self._faces_verts_uvs_packed())
        of_faces = self.maps_ids_list()
        ids = None
        if of_faces is not None:
            packed = torch.cat([*of_faces, of_faces[0].new_zeros(1)])  # the last one is for "no face"
            ids = packed[pix_to_face].view(N, H, W * K)
        maps = self.maps_padded()
        return self._read(maps, uvs.view(N, H, W * K, 2), ids).view(N, H, W, K, maps.shape[-1])

    def faces_verts_textures_packed(self, faces_packed: Tensor | None = None) -> Tensor:
        """The maps' values at the three corners of each face, (sum F_i, 3, C); `faces_packed` is not used."""
        counts = [len(faces) for faces in self.faces_uvs_list()]
        if sum(counts) == 0:
            return torch.zeros((0, 3, self.maps_padded().shape[-1]), device=self.device)
        uvs = pad_list(self._faces_verts_uvs_packed().split(counts))
        ids = self.maps_ids_padded()
        if ids is not None:
            ids = ids[:, :, None].expand(-1, -1, 3)
        values = self._read(self.maps_padded(), uvs, ids)
        return torch.cat([item[:count] for item, count in zip(values, counts, strict=True)])

    def _faces_verts_uvs_packed(self) -> Tensor:
        corners = [
            uvs[faces] for uvs, faces in zip(self.verts_uvs_list(), self.faces_uvs_list(), strict=True)
        ]
        return torch.cat(corners) if corners else torch.zeros((0, 3, 2), device=self.device)

    def _read(self, maps: Tensor, uvs: Tensor, ids: Tensor | None) -> Tensor:
        """Values (N, A, B, C) of maps (N, [M,] H, W, C) at places (N, A, B, 2) of maps number (N, A, B)."""
        grid = torch.lerp(uvs.new_tensor([-1.0, 1.0]), uvs.new_tensor([1.0, -1.0]), uvs)
        if ids is not None:
            count = maps.shape[1]
            depth = 2 * ids / max(count - 1, 1) - 1 if self.align_corners else (2 * ids + 1) / count - 1
            grid = torch.cat([grid, depth[..., None].to(grid)], dim=-1)[:, None]
        values = F.grid_sample(
            maps.movedim(-1, 1).to(grid),
            grid,
            mode=self.sampling_mode,
            padding_mode=self.padding_mode,
            align_corners=self.align_corners,
        )
        return values.movedim(1, -1) if ids is None else values.movedim(1, -1)[:, 0]

    def submeshes(self, vertex_ids_list: Parts, faces_ids_list: Parts) -> "TexturesUV":
        """Textures of parts of the meshes; a part keeps all of its mesh's maps and places.

        Args:
            vertex_ids_list: not used.
            faces_ids_list: element [i][j] lists the faces of mesh i that its part j keeps.

        Raises:
            IndexError: not one element a mesh.
        """
        faces_ids_list = present(faces_ids_list)
        if len(faces_ids_list) != self._N:
            raise IndexError("faces_ids_list must have one element for each of faces_uvs_padded.")
        parts = self._select([i for i, of_mesh in enumerate(faces_ids_list) for _ in of_mesh])
        kept = [ids for of_mesh in faces_ids_list for ids in of_mesh]
        for name in ("faces_uvs", "maps_ids"):
            items = getattr(parts, f"_{name}_list")
            if items is not None:
                parts._set_batch(name, [item[ids] for item, ids in zip(items, kept, strict=True)])
        parts._num_faces_per_mesh = [len(ids) for ids in kept]
        return parts

    def join_batch(self, textures: Sequence[TexturesBase]) -> "TexturesUV":
        """One batch of these textures followed by those of each element of `textures`.

        Raises:
            ValueError: an element is of another class, samples otherwise, or only some have several maps.
        """
        others = [other for other in textures if isinstance(other, TexturesUV)]
        if len(others) < len(textures):
            raise ValueError("All textures must be of type TexturesUV.")
        for name in ("padding_mode", "align_corners", "sampling_mode"):
            if any(getattr(other, name) != getattr(self, name) for other in others):
                raise ValueError(f"All textures must have the same {name}.")
        batches = [self, *others]
        ids = [batch.maps_ids_list() for batch in batches]
        several = [of_batch for of_batch in ids if of_batch is not None]
        if several and len(several) < len(batches):
            raise ValueError("Either all textures or none must have maps_ids.")
        return self._like(
            maps=[m for batch in batches for m in batch.maps_list()],
            faces_uvs=[f for batch in batches for f in batch.faces_uvs_list()],
            verts_uvs=[v for batch in batches for v in batch.verts_uvs_list()],
            maps_ids=[i for of_batch in several for i in of_batch] if several else None,
        )

    def join_scene(self) -> "TexturesUV":
        """One texture for the scene that all meshes make together: their maps side by side in one map.

        Maps that are the same tensor are kept once. Places outside [0, 1] point into neighbouring maps
        afterwards. Without `align_corners` each map gets a border of one pixel, so that sampling at its edge
        stays as it was.

        Raises:
            ValueError: there are several maps a mesh.
        """
        if not self._maps_ids_absent():
            raise ValueError("join_scene does not support several maps a mesh.")
        border = 0 if self.align_corners else 1
        merged, places = merge_maps(self.maps_list(), self.verts_uvs_list(), border, self.padding_mode)
        faces, offset = [], 0
        for faces_uvs, verts_uvs in zip(self.faces_uvs_list(), places, strict=True):
            faces.append(faces_uvs + offset)
            offset += len(verts_uvs)
        return self._like(maps=[merged], faces_uvs=[torch.cat(faces)], verts_uvs=[torch.cat(places)])

    def centers_for_image(self, index: int) -> Tensor:
        """Where the places of a mesh lie in its map, for drawing.

        Args:
            index: which mesh; the batch must hold one.

        Returns:
            (V, 2) column and row in pixels, on the CPU.

        Raises:
            ValueError: the batch holds more than one mesh, or several maps a mesh.
        """
        if not self._maps_ids_absent() or self._N != 1:
            raise ValueError("This function only supports textures of one mesh with one map.")
        _, H, W, _ = self.maps_padded().shape
        uvs = self.verts_uvs_list()[index].detach()[None, None]
        rows, columns = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
        pixels = torch.stack([columns, rows], dim=-1)[None].to(uvs)
        return self._read(pixels, uvs, None)[0, 0].cpu()

    def check_shapes(self, batch_size: int, max_num_verts: int, max_num_faces: int) -> bool:
        """Whether there are places for each face of a padded batch of meshes of this size."""
        return self._extent("faces_uvs") == (batch_size, max_num_faces)

    def _like(self, **batches: Any) -> "TexturesUV":
        """Other maps and places, sampled as these are."""
        return type(self)(
            **batches,
            padding_mode=self.padding_mode,
            align_corners=self.align_corners,
            sampling_mode=self.sampling_mode,
        )


def _resize_together(maps: list[Tensor], align_corners: bool) -> Tensor:
    """Stack maps ([M_i,] H_i, W_i, C), resized to the largest H and W; missing ones of M are black."""
    height, width = (max(m.shape[axis] for m in maps) for axis in (-3, -2))

    def resized(image: Tensor) -> Tensor:
        if image.shape[-3:-1] == (height, width):
            return image
        channels_first = image.movedim(-1, -3).reshape(-1, image.shape[-1], *image.shape[-3:-1])
        large = F.interpolate(channels_first, (height, width), mode="bilinear", align_corners=align_corners)
        return large.movedim(-3, -1).reshape(*image.shape[:-3], height, width, image.shape[-1])

    images = [resized(image) for image in maps]
    return torch.stack(images) if images[0].ndim == 3 else pad_list(images)
