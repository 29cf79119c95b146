"""A glTF scene as one `MeshData`: what `load_mesh` makes of GLB and glTF files."""

from dataclasses import replace

import numpy as np

from .color_space import linear_to_srgb
from .errors import ParseError, say_left_out
from .gltf_asset import read_asset
from .gltf_read import Primitive, read_primitives
from .mesh_data import MeshData, check_mesh
from .mesh_join import Wrap, join_mesh_data
from .references import References

_WHITE = 0.999


def read_gltf(data: bytes, files: References) -> MeshData:
    """One mesh of all triangles of a scene, coloured.

    Raises:
        ParseError: malformed or unsupported content, or no triangles.
    """
    asset = read_asset(data, files)
    primitives = read_primitives(asset)
    if asset.left_out:
        say_left_out(", ".join(asset.left_out))
    if not primitives:
        raise ParseError("the mesh has no faces")
    meshes = [_mesh(primitive, files) for primitive in primitives]
    groups: dict[tuple[int, tuple[Wrap, Wrap]], list[int]] = {}
    for i, (mesh, primitive) in enumerate(zip(meshes, primitives, strict=True)):
        if mesh.picture is not None:
            groups.setdefault((id(mesh.picture), primitive.look.wrap), []).append(i)
    for (_, wrap), group in groups.items():
        for i, mesh in zip(group, _repeat([meshes[i] for i in group], wrap, files), strict=True):
            meshes[i] = mesh
    return join_mesh_data(meshes)


def _mesh(part: Primitive, files: References) -> MeshData:
    """A primitive with its colours; texture coordinates as the file has them."""
    plain, look = MeshData(part.verts, part.faces), part.look
    check_mesh(plain)
    light = np.ones(3, np.float32) if look.factor is None else np.clip(look.factor[:3], 0, 1)
    white = bool((linear_to_srgb(light) > _WHITE).all())
    if look.picture is not None and look.uvs is not None:
        picture = look.picture if white else files.lit(look.picture, light)
        mesh = replace(plain, picture=picture, uvs=look.uvs, faces_uvs=part.faces)
        check_mesh(mesh)
        return mesh
    if look.colors is not None:
        linear = np.nan_to_num(look.colors[:, :3] * light)
        return replace(plain, verts_colors=linear_to_srgb(linear))
    if white:
        return plain
    return replace(plain, faces_colors=np.tile(linear_to_srgb(light), (len(part.faces), 1)))


def _repeat(group: list[MeshData], wrap: tuple[Wrap, Wrap], files: References) -> list[MeshData]:
    """Meshes that share a picture, their texture coordinates brought into [0, 1]: it is repeated once for all."""
    picture = group[0].picture
    pieces = [
        (mesh.uvs, mesh.faces_uvs) for mesh in group if mesh.uvs is not None and mesh.faces_uvs is not None
    ]
    if picture is None:
        return group
    uvs = np.concatenate([places for places, _ in pieces])
    starts = np.cumsum([0, *(len(places) for places, _ in pieces)]).tolist()
    index = [corners + start for (_, corners), start in zip(pieces, starts, strict=False)]
    picture, places, corners = files.repeat(picture, uvs, np.concatenate(index), wrap)
    ends = np.cumsum([len(some) for some in index])[:-1]
    return [
        replace(mesh, picture=picture, uvs=places, faces_uvs=some)
        for mesh, some in zip(group, np.split(corners, ends), strict=True)
    ]
