"""A mesh with its colours as plain arrays: what the strict reader and writer pass between formats."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..structures import Meshes
from ..structures.textures_atlas import TexturesAtlas
from ..structures.textures_uv import TexturesUV
from ..structures.textures_vertex import TexturesVertex
from .errors import ParseError


@dataclass(frozen=True, eq=False)
class MeshData:
    """One mesh. At most one of `verts_colors`, `faces_colors` and `picture` is given.

    Attributes:
        verts: (V, 3) float32; faces: (F, 3) int64.
        verts_colors: (V, 3), faces_colors: (F, 3), float32 sRGB in [0, 1].
        picture: (H, W, 3) float32 texture, first row at v = 1; uvs: (T, 2); faces_uvs: (F, 3) int64 into
        `uvs`.
    """

    verts: np.ndarray
    faces: np.ndarray
    verts_colors: np.ndarray | None = None
    faces_colors: np.ndarray | None = None
    picture: np.ndarray | None = None
    uvs: np.ndarray | None = None
    faces_uvs: np.ndarray | None = None

    def corner_colors(self) -> np.ndarray | None:
        """(F, 3, 3) colours at the faces' corners, or None."""
        if self.verts_colors is not None:
            return self.verts_colors[self.faces]
        if self.faces_colors is not None:
            return np.repeat(self.faces_colors[:, None], 3, axis=1)
        if self.picture is None or self.uvs is None:
            return None
        return look_up(self.picture, self.uvs)[self.faces_uvs]

    def vertex_colors(self) -> np.ndarray | None:
        """(V, 3) colours: each vertex takes the mean of its corners' colours. None without colours."""
        if self.verts_colors is not None:
            return self.verts_colors
        corners = self.corner_colors()
        if corners is None:
            return None
        total = np.zeros((len(self.verts), 3))
        np.add.at(total, self.faces.reshape(-1), corners.reshape(-1, 3))
        count = np.bincount(self.faces.reshape(-1), minlength=len(self.verts))[:, None]
        return np.where(count > 0, total / np.maximum(count, 1), 1).astype(np.float32)

    def unwelded(self) -> "MeshData":
        """The same surface with three vertices a face of its own and the colours on them."""
        colors = self.corner_colors()
        return MeshData(
            verts=self.verts[self.faces].reshape(-1, 3),
            faces=np.arange(3 * len(self.faces)).reshape(-1, 3),
            verts_colors=None if colors is None else colors.reshape(-1, 3),
        )


def look_up(picture: np.ndarray, uvs: np.ndarray) -> np.ndarray:
    """Colours (T, 3) of a texture at (T, 2) places, between pixels bilinearly (0 and 1 are pixel centres)."""
    size = np.array(picture.shape[:2])
    at = np.clip(np.stack([1 - uvs[:, 1], uvs[:, 0]], axis=1), 0, 1) * (size - 1)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, size - 1)
    part = (at - low).astype(np.float32)[:, :, None]
    top = picture[low[:, 0], low[:, 1]] * (1 - part[:, 1]) + picture[low[:, 0], high[:, 1]] * part[:, 1]
    bottom = picture[high[:, 0], low[:, 1]] * (1 - part[:, 1]) + picture[high[:, 0], high[:, 1]] * part[:, 1]
    return top * (1 - part[:, 0]) + bottom * part[:, 0]


def check_mesh(data: MeshData) -> None:
    """Refuse a mesh that cannot be worked with.

    Raises:
        ParseError: no vertices, no faces, a coordinate that is not finite (in float32), indices out of range.
    """
    if len(data.verts) == 0:
        raise ParseError("the mesh has no vertices")
    if len(data.faces) == 0:
        raise ParseError("the mesh has no faces")
    bad = np.flatnonzero(~np.isfinite(data.verts).all(axis=1))
    if len(bad):
        raise ParseError("a coordinate is not a finite number", f"vertex {bad[0]}")
    out = np.flatnonzero(((data.faces < 0) | (data.faces >= len(data.verts))).any(axis=1))
    if len(out):
        raise ParseError(
            f"names vertex {_worst(data.faces[out[0]], len(data.verts))} of {len(data.verts)}",
            f"face {out[0]}",
        )
    if data.uvs is not None and data.faces_uvs is not None:
        out = np.flatnonzero(((data.faces_uvs < 0) | (data.faces_uvs >= len(data.uvs))).any(axis=1))
        if len(out):
            raise ParseError("a texture coordinate index is out of range", f"face {out[0]}")
        if not np.isfinite(data.uvs).all():
            raise ParseError("a texture coordinate is not a finite number")


def _worst(face: np.ndarray, count: int) -> int:
    return int(next(i for i in face if not 0 <= i < count))


def to_meshes(data: MeshData, device: torch.device | str) -> Meshes:
    """A batch of one, coloured by `TexturesVertex`, `TexturesAtlas` of size 1 (by face) or `TexturesUV`."""

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(device)

    textures: Any = None
    if data.picture is not None and data.uvs is not None and data.faces_uvs is not None:
        textures = TexturesUV(
            maps=[tensor(data.picture)], faces_uvs=[tensor(data.faces_uvs)], verts_uvs=[tensor(data.uvs)]
        )
    elif data.verts_colors is not None:
        textures = TexturesVertex([tensor(data.verts_colors)])
    elif data.faces_colors is not None:
        textures = TexturesAtlas([tensor(data.faces_colors)[:, None, None]])
    return Meshes([tensor(data.verts)], [tensor(data.faces)], textures=textures)


def from_meshes(meshes: Meshes) -> list[MeshData]:
    """Each mesh of a batch with its colours.

    Vertex features beyond three channels are dropped, one channel is grey. An atlas larger than 1 x 1, and
    textures with several maps a mesh, become colours at the corners of unwelded faces.
    """
    return [_one_mesh(meshes, i) for i in range(len(meshes))]


def _one_mesh(meshes: Meshes, index: int) -> MeshData:
    verts = _array(meshes.verts_list()[index]).astype(np.float32)
    faces = _array(meshes.faces_list()[index])
    textures = meshes.textures
    if isinstance(textures, TexturesVertex):
        colors = _rgb(_array(textures.verts_features_list()[index]))
        return MeshData(verts, faces, verts_colors=colors)
    if isinstance(textures, TexturesAtlas) and textures.atlas_list()[index].shape[1] == 1:
        return MeshData(verts, faces, faces_colors=_rgb(_array(textures.atlas_list()[index][:, 0, 0])))
    if isinstance(textures, TexturesUV) and textures.maps_ids_padded() is None:
        picture = _array(textures.maps_list()[index])
        uvs, faces_uvs = textures.verts_uvs_list()[index], textures.faces_uvs_list()[index]
        return MeshData(
            verts,
            faces,
            picture=_rgb(picture.reshape(-1, picture.shape[-1])).reshape(*picture.shape[:2], 3),
            uvs=_array(uvs).astype(np.float32),
            faces_uvs=_array(faces_uvs)[: len(faces)],
        )
    if textures is None:
        return MeshData(verts, faces)
    corners = _array(meshes[index].textures.faces_verts_textures_packed(meshes[index].faces_packed()))
    plain = MeshData(verts, faces).unwelded()
    return MeshData(plain.verts, plain.faces, verts_colors=_rgb(corners.reshape(-1, corners.shape[-1])))


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _rgb(colors: np.ndarray) -> np.ndarray:
    colors = np.repeat(colors[:, :1], 3, axis=1) if colors.shape[1] < 3 else colors[:, :3]
    return np.clip(np.nan_to_num(colors.astype(np.float32)), 0, 1)
