"""Any mesh file into plain arrays, strictly. Does without torch."""

import os
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np

from .color_space import linear_to_srgb
from .errors import ParseError, as_bad_input
from .files import read_file
from .gltf_read import Primitive, read_asset, read_primitives
from .image_files import decode_image
from .mesh_data import MeshData, check_mesh
from .mesh_join import Part, join_mesh_data, merge_pictures, palette, repeat_picture
from .mtl_parse import parse_mtl
from .obj_parse import ObjData, parse_obj
from .off_parse import parse_off
from .ply_data import read_ply_data
from .stl_parse import parse_stl


def read_mesh(path: str | PathLike[str]) -> MeshData:
    """Read and check a file as `load_mesh` does, into plain arrays.

    Raises:
        BadInput: as `load_mesh`.
    """
    with as_bad_input(path, ParseError, ValueError):
        mesh = _read(read_file(path), Path(path))
        check_mesh(mesh)
    return mesh


def _read(data: bytes, path: Path) -> MeshData:
    suffix = path.suffix.lower()
    kind = suffix if suffix in _READERS else _guess(data)
    if kind is None:
        raise ParseError(f"unknown kind of file; known are {', '.join(_READERS)}")
    return _READERS[kind](data, path)


def _guess(data: bytes) -> str | None:
    head = data[:512].lstrip()
    if head.startswith(b"glTF"):
        return ".glb"
    if head.startswith(b"ply"):
        return ".ply"
    if head[:4].upper() == b"COFF" or head[:3].upper() == b"OFF":
        return ".off"
    if head.startswith(b"{"):
        return ".gltf"
    if head.startswith(b"solid") or len(data) == 84 + 50 * int.from_bytes(data[80:84], "little"):
        return ".stl"
    starts = {line.split(None, 1)[0] for line in data[:65536].splitlines() if line.strip()}
    return ".obj" if starts & {b"v", b"f", b"mtllib"} else None


def _read_ply(data: bytes, path: Path) -> MeshData:
    ply = read_ply_data(data)
    faces = np.zeros((0, 3), np.int64) if ply.faces is None else ply.faces
    plain = MeshData(ply.verts, faces)
    name = ply.texture_file()
    uvs, index = (ply.uvs, faces) if ply.faces_uvs is None else _flat(ply.faces_uvs)
    if name and uvs is not None:
        check_mesh(plain)
        picture = _read_picture(path.parent / name)
        if picture is not None:
            return _textured(plain, picture, uvs, index)
    return _colored(plain, ply.colors, ply.faces_colors)


def _flat(corner_uvs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return corner_uvs.reshape(-1, 2), np.arange(3 * len(corner_uvs)).reshape(-1, 3)


def _textured(plain: MeshData, picture: np.ndarray, uvs: np.ndarray, index: np.ndarray) -> MeshData:
    check_mesh(replace(plain, picture=picture, uvs=uvs, faces_uvs=index))
    picture, places, index = repeat_picture(picture, uvs, index)
    return replace(plain, picture=picture, uvs=places, faces_uvs=index)


def _colored(plain: MeshData, colors: np.ndarray | None, faces_colors: np.ndarray | None) -> MeshData:
    """The mesh with colours of its vertices, or else of its faces, where there are any."""
    if colors is not None:
        return replace(plain, verts_colors=_clean(colors))
    return plain if faces_colors is None else replace(plain, faces_colors=_clean(faces_colors))


def _clean(colors: np.ndarray) -> np.ndarray:
    return np.clip(np.nan_to_num(colors[:, :3].astype(np.float32)), 0, 1)


def _read_picture(path: Path) -> np.ndarray | None:
    """A texture picture (H, W, 3), or None when the file is not there; a broken one is a `BadInput`."""
    if not path.is_file():
        return None
    data = read_file(path)
    with as_bad_input(path, ParseError):
        array = decode_image(data, upright=False)
    return np.repeat(array, 3, axis=2) if array.shape[2] == 1 else np.ascontiguousarray(array[..., :3])


def _read_off(data: bytes, path: Path) -> MeshData:
    off = parse_off(data)
    return _colored(MeshData(off.verts, off.faces), off.colors, off.faces_colors)


def _read_stl(data: bytes, path: Path) -> MeshData:
    return MeshData(*parse_stl(data))


def _read_obj(data: bytes, path: Path) -> MeshData:
    obj = parse_obj(data, strict=True)
    with np.errstate(over="ignore"):
        plain = MeshData(obj.verts.astype(np.float32), obj.faces)
    check_mesh(plain)
    if obj.colors is not None:
        return _colored(plain, obj.colors, None)
    colors, pictures = _obj_materials(obj, path.parent)
    known = np.array([name in colors or name in pictures for name in obj.material_names] + [False])
    if not known[obj.materials].any():
        return plain
    of_materials = np.stack([colors.get(name, np.ones(3)) for name in [*obj.material_names, ""]])
    face_colors = _clean(of_materials[obj.materials])
    parts = _obj_parts(obj, pictures, face_colors)
    if parts is None:
        return replace(plain, faces_colors=face_colors)
    chosen, pieces = zip(*parts, strict=True)
    picture, uvs, index = pieces[0] if len(pieces) == 1 else merge_pictures(list(pieces))
    faces_uvs = np.empty((len(plain.faces), 3), np.int64)
    faces_uvs[np.concatenate(chosen)] = index
    return replace(plain, picture=picture, uvs=uvs, faces_uvs=faces_uvs)


def _obj_materials(obj: ObjData, folder: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The diffuse colours and the pictures of the materials that the file uses."""
    library = folder / obj.library if obj.library else None
    if library is None or not library.is_file():
        return {}, {}
    with as_bad_input(library, ValueError, KeyError, OSError, say="malformed material file"):
        found = parse_mtl(library.read_bytes())
    properties, files = found.properties, found.files
    if not obj.material_names and len(properties) == 1:
        obj.material_names.append(next(iter(properties)))
        obj.materials[:] = 0
    loaded: dict[str, np.ndarray | None] = {}
    pictures = {}
    for name in obj.material_names:
        if name in files:
            file = files[name].replace("\\", os.sep)
            if file not in loaded:
                loaded[file] = _read_picture(folder / file)
            picture = loaded[file]
            if picture is not None:
                pictures[name] = picture
    colors = {
        name: properties[name]["diffuse_color"]
        for name in obj.material_names
        if len(properties.get(name, {}).get("diffuse_color", ())) == 3
    }
    return colors, pictures


def _obj_parts(
    obj: ObjData, pictures: dict[str, np.ndarray], face_colors: np.ndarray
) -> list[tuple[np.ndarray, Part]] | None:
    """The faces of each picture, and the others in a palette; None when no face shows a picture."""
    parts = []
    left = np.ones(len(obj.faces), bool)
    for file in {id(picture): picture for picture in pictures.values()}.values():
        uses = np.array([pictures.get(name) is file for name in obj.material_names] + [False])
        chosen = np.flatnonzero(uses[obj.materials] & obj.has_uvs)
        if len(chosen) == 0:
            continue
        left[chosen] = False
        uvs = obj.uvs.astype(np.float32)
        index = obj.faces_uvs[chosen]
        verts = np.zeros((len(chosen), 3), np.float32)
        check_mesh(MeshData(verts, np.zeros((1, 3), int), uvs=uvs, faces_uvs=index))
        parts.append((chosen, repeat_picture(file, uvs, index)))
    if not parts:
        return None
    if left.any():
        parts.append((np.flatnonzero(left), palette(face_colors[left])))
    return parts


def _read_gltf(data: bytes, path: Path) -> MeshData:
    primitives = read_primitives(read_asset(data, path.parent))
    if not primitives:
        raise ParseError("the mesh has no faces")
    return join_mesh_data([_of_primitive(p) for p in primitives])


def _of_primitive(part: Primitive) -> MeshData:
    plain = MeshData(part.verts, part.faces)
    check_mesh(plain)
    factor = None if part.factor is None else linear_to_srgb(part.factor[:3])
    if part.picture is not None and part.uvs is not None:
        picture = part.picture if factor is None or (factor > 0.999).all() else part.picture * factor
        return _textured(plain, picture, part.uvs, part.faces)
    if part.colors is not None:
        linear = part.colors[:, :3] * (1 if part.factor is None else part.factor[:3])
        return _colored(plain, linear_to_srgb(linear), None)
    if factor is None or (factor > 0.999).all():
        return plain
    return _colored(plain, None, np.tile(factor, (len(part.faces), 1)))


_READERS = {
    ".obj": _read_obj,
    ".ply": _read_ply,
    ".glb": _read_gltf,
    ".gltf": _read_gltf,
    ".off": _read_off,
    ".stl": _read_stl,
}
