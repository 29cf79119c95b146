"""Between `MeshData`, plain arrays, and `Meshes`; and `load_mesh`, which needs both."""

from os import PathLike
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..structures import Meshes
from ..structures.textures_atlas import TexturesAtlas
from ..structures.textures_uv import TexturesUV
from ..structures.textures_vertex import TexturesVertex
from .errors import as_bad_input, say_left_out
from .mesh_data import MeshData, near_origin
from .mesh_read import read_mesh


def load_mesh(
    path: str | PathLike[str],
    device: torch.device | str = "cpu",
    *,
    root: str | PathLike[str] | None = None,
    dtype: torch.dtype = torch.float32,
) -> Meshes:
    """Read an OBJ, PLY, GLB, glTF, OFF or STL file, checking everything; this is what the commands use.

    The suffix decides the format; where it says nothing, the content does. Polygons become triangles, the
    objects of one file one mesh, a scene's transforms are applied.

    Args:
        path: the file.
        device: where the tensors go.
        root: a folder that the names of materials, textures and buffers in the file may lead into besides its own
            by default.
        dtype: of the vertices; float64 keeps all digits of a file.

    Returns:
        A batch of one mesh. Its colours: vertex colours as `TexturesVertex`; a texture as `TexturesUV`
        (several pictures merged into one, coordinates brought into [0, 1]); a colour for each face, and
        materials without pictures, as `TexturesAtlas` of size 1. Where vertex colours meet other kinds in one
        file, faces are unwelded and coloured at their corners. Colours are sRGB in [0, 1].

    Raises:
        BadInput: missing, a folder, empty, truncated, corrupt, in an unknown format; no vertices or faces,
            a coordinate that is not finite, an index out of range, a declared size beyond the file's length; a name
            that leads out of `root`; a broken texture.

    Warns:
        LeftOut: something of the file is not used, such as a texture that is not there, or digits.
    """
    data = read_mesh(path, root)
    if dtype.itemsize < 8 and near_origin(data)[0] is not data:
        with as_bad_input(path):
            say_left_out(
                "digits of coordinates, far from the origin for the mesh's size; a dtype of float64 keeps them"
            )
    return to_meshes(data, device, dtype)


def load_near(
    path: str | PathLike[str], device: torch.device | str = "cpu", root: str | PathLike[str] | None = None
) -> tuple[Meshes, tuple[float, float, float]]:
    """As `load_mesh`, moved by `near_origin`; and where the origin then lies in the file's coordinates."""
    data, shift = near_origin(read_mesh(path, root))
    return to_meshes(data, device), shift


def to_meshes(data: MeshData, device: torch.device | str, dtype: torch.dtype = torch.float32) -> Meshes:
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
    return Meshes([tensor(data.verts).to(dtype)], [tensor(data.faces)], textures=textures)


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
    corners = _array(textures[index].faces_verts_textures_packed(meshes[index].faces_packed()))
    plain = MeshData(verts, faces).unwelded()
    return MeshData(plain.verts, plain.faces, verts_colors=_rgb(corners.reshape(-1, corners.shape[-1])))


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _rgb(colors: np.ndarray) -> np.ndarray:
    colors = np.repeat(colors[:, :1], 3, axis=1) if colors.shape[1] < 3 else colors[:, :3]
    return np.clip(np.nan_to_num(colors.astype(np.float32)), 0, 1)
