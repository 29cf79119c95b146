"""PLY files under PyTorch3D's names: `load_ply`, `save_ply`, and the formats for `IO`."""

import warnings
from dataclasses import replace
from io import TextIOBase
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..structures import Meshes, Pointclouds
from ..structures.textures_atlas import TexturesAtlas
from ..structures.textures_uv import TexturesUV
from ..structures.textures_vertex import TexturesVertex
from .index_checks import warn_of_invalid_indices
from .mtl_io import locate, read_texture
from .pluggable_formats import MeshFileFormat, PointcloudFormatInterpreter, endswith
from .ply_data import PlyData, read_ply_data
from .ply_header import PlyElement, PlyHeader
from .ply_parse import Columns, Ragged, parse_ply
from .ply_write import ply_bytes
from .streams import PathManager, folder_of, read_bytes, writing

Device = torch.device | str


def _load_ply_raw(f: Any, path_manager: PathManager | None = None) -> tuple[PlyHeader, dict[str, Any]]:
    """The header and the elements in the shape that PyTorch3D's reader keeps them.

    An element without lists becomes one (count, k) array for each run of properties of one type; an element
    that is a single list of constant length, a (count, length) array; any other, a list of lists.
    """
    header, elements = parse_ply(read_bytes(f, path_manager), isinstance(f, TextIOBase))
    return header, {e.name: _raw_element(e, elements[e.name]) for e in header.elements}


def _raw_element(element: PlyElement, columns: Columns) -> Any:
    parts = list(columns.values())
    arrays = [part for part in parts if not isinstance(part, Ragged)]
    if element.count == 0:
        return []
    if len(arrays) == len(parts):
        return [np.stack(list(run), axis=1) for _, run in groupby(arrays, key=lambda a: a.dtype)]
    if len(parts) == 1 and isinstance(parts[0], Ragged) and parts[0].equal_size() is not None:
        return parts[0].values.reshape(element.count, -1)
    rows = [
        np.split(p.values, np.cumsum(p.sizes)[:-1]) if isinstance(p, Ragged) else p.tolist() for p in parts
    ]
    return [list(row) for row in zip(*rows, strict=True)]


def _load_ply(f: Any, path_manager: PathManager | None) -> PlyData:
    data = read_ply_data(read_bytes(f, path_manager), isinstance(f, TextIOBase))
    with np.errstate(over="ignore"):
        data = replace(data, verts=data.verts.astype(np.float32))
    if data.faces is not None:
        warn_of_invalid_indices(torch.from_numpy(data.faces), len(data.verts))
    return data


def _faces(data: PlyData) -> Tensor:
    return torch.zeros(0, 3, dtype=torch.int64) if data.faces is None else torch.from_numpy(data.faces)


def load_ply(f: Any, *, path_manager: PathManager | None = None) -> tuple[Tensor, Tensor]:
    """Read the vertices and triangles of a PLY file (`IO().load_mesh` reads colours and normals too).

    Args:
        f: path or stream; a text stream does for an ascii file only.
        path_manager: any object with `.open(path, mode)`, or None.

    Returns:
        verts: (V, 3) float32; faces: (F, 3) int64, polygons cut into fans.

    Raises:
        ValueError: malformed content.

    Warns of indices out of range. Faces may have more properties than their list of vertices, which PyTorch3D
    refuses.
    """
    data = _load_ply(f, path_manager)
    return torch.from_numpy(data.verts), _faces(data)


def save_ply(
    f: Any,
    verts: Tensor,
    faces: Tensor | None = None,
    verts_normals: Tensor | None = None,
    ascii: bool = False,
    decimal_places: int | None = None,
    path_manager: PathManager | None = None,
) -> None:
    """Write a mesh to a PLY file.

    Args:
        f: path or binary stream.
        verts: (V, 3); faces: (F, 3) int64 or None; verts_normals: (V, 3) or None.
        ascii: text instead of binary.
        decimal_places: digits after the point in text; 6 by default.
        path_manager: any object with `.open(path, mode)`, or None.

    Raises:
        ValueError: wrong shapes.

    Warns of indices out of range, and of an empty mesh (the file then has no faces).
    """

    def check(name: str, value: Tensor | None, shape: str, rows: int | None = None) -> None:
        if value is None or len(value) == 0:
            return
        if value.dim() != 2 or value.size(1) != 3 or rows not in (None, len(value)):
            raise ValueError(f"Argument '{name}' should either be empty or of shape ({shape}).")

    check("verts", verts, "num_verts, 3")
    check("faces", faces, "num_faces, 3")
    check("verts_normals", verts_normals, "num_verts, 3", len(verts))
    with writing(f, path_manager) as out:
        out.write(
            ply_bytes(verts, faces, verts_normals=verts_normals, ascii=ascii, decimal_places=decimal_places)
        )


class MeshPlyFormat(MeshFileFormat):
    """PLY meshes for `IO`: colours of vertices or faces (a 1 x 1 atlas) or a texture in, of vertices out."""

    known_suffixes = (".ply",)

    def load(
        self, path: Any, path_manager: PathManager | None, include_textures: bool, **kwargs: Any
    ) -> Meshes:
        data = _load_ply(path, path_manager)
        faces = _faces(data)
        textures = _textures(data, path, faces, path_manager) if include_textures else None
        return Meshes([torch.from_numpy(data.verts)], [faces], textures, verts_normals=_listed(data.normals))

    def content(
        self,
        data: Meshes,
        binary: bool | None,
        decimal_places: int | None = None,
        colors_as_uint8: bool = False,
        **kwargs: Any,
    ) -> bytes:
        """The file, with `decimal_places` in text, and with colours 0..255 instead of float32 where asked for."""
        colors = None
        if isinstance(data.textures, TexturesVertex):
            colors = data.textures.verts_features_list()[0]
            if colors.shape[1] != 3:
                warnings.warn(
                    f"Texture will not be saved as it has {colors.shape[1]} colors, not 3.", stacklevel=2
                )
                colors = None
        return ply_bytes(
            data.verts_list()[0],
            data.faces_list()[0],
            verts_normals=data.verts_normals_list()[0] if data.has_verts_normals() else None,
            verts_colors=colors,
            ascii=binary is False,
            decimal_places=decimal_places,
            colors_as_uint8=colors_as_uint8,
        )


def _listed(array: np.ndarray | None) -> list[Tensor] | None:
    return None if array is None else [torch.from_numpy(array)]


def _textures(data: PlyData, path: Any, faces: Tensor, path_manager: PathManager | None) -> Any:
    if data.colors is not None:
        return TexturesVertex([torch.from_numpy(data.colors)])
    if data.faces_colors is not None:
        return TexturesAtlas([torch.from_numpy(data.faces_colors)[:, None, None]])
    name = data.texture_file()
    if data.uvs is None or name is None:
        return None
    found = locate(folder_of(path), name, path_manager)
    if found is None:
        warnings.warn(f"Texture file does not exist: {name}", stacklevel=2)
        return None
    picture = read_texture(found, path_manager)
    return TexturesUV([picture], [faces], [torch.from_numpy(data.uvs)])


class PointcloudPlyFormat(PointcloudFormatInterpreter):
    """PLY point clouds for `IO`: colours as features, and normals."""

    def __init__(self) -> None:
        self.known_suffixes = (".ply",)

    def read(
        self, path: Any, device: Device, path_manager: PathManager | None, **kwargs: Any
    ) -> Pointclouds | None:
        """Read `path`, or give None when it is not a PLY file."""
        if not endswith(path, self.known_suffixes):
            return None
        data = _load_ply(path, path_manager)
        points = [torch.from_numpy(data.verts)]
        return Pointclouds(points, _listed(data.normals), _listed(data.colors)).to(device)

    def save(
        self,
        data: Pointclouds,
        path: Any,
        path_manager: PathManager | None,
        binary: bool | None,
        decimal_places: int | None = None,
        colors_as_uint8: bool = False,
        **kwargs: Any,
    ) -> bool:
        """Write the first cloud, or give False when `path` is not a PLY file (arguments as for meshes)."""
        if not endswith(path, self.known_suffixes):
            return False
        content = ply_bytes(
            data.points_list()[0],
            verts_normals=data.normals_packed(),
            verts_colors=data.features_packed(),
            ascii=binary is False,
            decimal_places=decimal_places,
            colors_as_uint8=colors_as_uint8,
        )
        with writing(path, path_manager) as out:
            out.write(content)
        return True
