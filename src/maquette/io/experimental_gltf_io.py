"""GLB under PyTorch3D's names: `MeshGlbFormat` and `load_meshes`.

Here colours are what the file stores, as in PyTorch3D. The standard says that stored vertex colours are
linear light; the strict `maquette.io.load_mesh` and `save_mesh` convert them from and to sRGB.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..structures import Meshes, join_meshes_as_scene
from ..structures.textures_uv import TexturesUV
from ..structures.textures_vertex import TexturesVertex
from .gltf_asset import _read_header as _read_header
from .gltf_asset import read_asset
from .gltf_read import Primitive, read_primitives
from .gltf_write import glb_bytes, glb_part
from .mesh_tensors import from_meshes
from .pluggable_formats import MeshFileFormat
from .references import References
from .streams import PathManager, folder_of, read_bytes


def load_meshes(
    path: Any, path_manager: PathManager | None = None, include_textures: bool = True
) -> list[tuple[str | None, Meshes]]:
    """Read the meshes of the default scene one by one, moved to where the scene puts them.

    Args:
        path: path or stream of a GLB file, or of a glTF file with its data beside it or embedded.
        path_manager: any object with `.open(path, mode)`, or None.
        include_textures: whether to read colours.

    Returns:
        A list of (name or None, batch of one mesh). A mesh has its vertex colours, or its base colour
        texture, or its base colour (the first of these that it has).

    Raises:
        ValueError: malformed or unsupported content.
    """
    files = References(folder_of(path)) if isinstance(path, (str, Path)) else None
    asset = read_asset(read_bytes(path, path_manager), files)
    pictures: dict[int, torch.Tensor] = {}
    return [(p.name, _mesh(p, include_textures, pictures)) for p in read_primitives(asset, include_textures)]


def _mesh(part: Primitive, include_textures: bool, pictures: dict[int, torch.Tensor]) -> Meshes:
    verts, faces, look = torch.from_numpy(part.verts).float(), torch.from_numpy(part.faces), part.look
    textures: Any = None
    if include_textures and look.colors is not None:
        textures = TexturesVertex([torch.from_numpy(look.colors)])
    elif include_textures and look.uvs is not None:
        if look.picture is not None:
            picture = pictures.setdefault(id(look.picture), torch.from_numpy(look.picture))
        else:
            factor = np.ones(3, np.float32) if look.factor is None else look.factor[:3]
            picture = torch.from_numpy(factor)[None, None]
        textures = TexturesUV(maps=[picture], faces_uvs=[faces], verts_uvs=[torch.from_numpy(look.uvs)])
    return Meshes([verts], [faces], textures=textures)


class MeshGlbFormat(MeshFileFormat):
    """GLB for `IO`: the whole default scene as one mesh in; one mesh with vertex colours or a texture out.

    Unlike PyTorch3D, meshes of more than 65,535 vertices and textures whose seams split vertices are written
    right, strips and fans are read, and a scene need not be named.
    """

    known_suffixes = (".glb",)

    def load(
        self, path: Any, path_manager: PathManager | None, include_textures: bool, **kwargs: Any
    ) -> Meshes:
        return join_meshes_as_scene([mesh for _, mesh in load_meshes(path, path_manager, include_textures)])

    def content(self, data: Meshes, binary: bool | None, **kwargs: Any) -> bytes:
        return glb_bytes([glb_part(from_meshes(data)[0])])
