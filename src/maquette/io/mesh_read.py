"""Any mesh file into plain arrays, strictly. Does without torch."""

from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np

from .color_space import BRIGHTEST
from .errors import ParseError, as_bad_input, say_left_out
from .files import read_file
from .gltf_mesh import read_gltf
from .mesh_data import MeshData, check_mesh
from .mesh_join import Part, merge_pictures, palette
from .mtl_parse import MtlData, library_names, parse_mtl
from .obj_parse import ObjData, parse_obj
from .off_parse import OFF_KEYWORD, parse_off
from .plain_text import without_mark
from .ply_data import read_ply_data
from .references import References
from .stl_parse import parse_stl


def read_mesh(path: str | PathLike[str], root: str | PathLike[str] | None = None) -> MeshData:
    """Read and check a file as `load_mesh` does, into plain arrays.

    Raises:
        BadInput: as `load_mesh`.
    """
    with as_bad_input(path, ParseError, ValueError):
        mesh = _read(read_file(path), Path(path), References(Path(path).parent, root))
        check_mesh(mesh)
    return mesh


def _read(data: bytes, path: Path, files: References) -> MeshData:
    suffix = path.suffix.lower()
    kind = suffix if suffix in _READERS else _guess(data)
    if kind is None:
        raise ParseError(f"unknown kind of file; known are {', '.join(_READERS)}")
    return _READERS[kind](data, files)


def _guess(data: bytes) -> str | None:
    head = without_mark(data[:512]).lstrip()
    if head.startswith(b"glTF"):
        return ".glb"
    if head[:3].lower() == b"ply":
        return ".ply"
    if OFF_KEYWORD.match(head):
        return ".off"
    if head.startswith(b"{"):
        return ".gltf"
    if head[:5].lower() == b"solid" or len(data) == 84 + 50 * int.from_bytes(data[80:84], "little"):
        return ".stl"
    starts = {line.split(None, 1)[0] for line in without_mark(data[:65536]).splitlines() if line.strip()}
    return ".obj" if starts & {b"v", b"f", b"mtllib"} else None


def _read_ply(data: bytes, files: References) -> MeshData:
    ply = read_ply_data(data, strict=True)
    faces = np.zeros((0, 3), np.int64) if ply.faces is None else ply.faces
    plain = MeshData(ply.verts, faces)
    name = ply.texture_file()
    uvs, index = (ply.uvs, faces) if ply.faces_uvs is None else _flat(ply.faces_uvs)
    if name and uvs is not None:
        check_mesh(plain)
        picture = _picture_of(files, name)
        if picture is not None:
            check_mesh(replace(plain, picture=picture, uvs=uvs, faces_uvs=index))
            picture, uvs, index = files.repeat(picture, uvs, index)
            return replace(plain, picture=picture, uvs=uvs, faces_uvs=index)
    return _colored(plain, ply.colors, ply.faces_colors)


def _flat(corner_uvs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return corner_uvs.reshape(-1, 2), np.arange(3 * len(corner_uvs)).reshape(-1, 3)


def _colored(plain: MeshData, colors: np.ndarray | None, faces_colors: np.ndarray | None) -> MeshData:
    """The mesh with colours of its vertices, or else of its faces, where there are any."""
    if colors is not None:
        if faces_colors is not None:
            say_left_out("colours of faces, beside those of vertices")
        return replace(plain, verts_colors=_clean(_scaled(colors)))
    return plain if faces_colors is None else replace(plain, faces_colors=_clean(_scaled(faces_colors)))


def _scaled(colors: np.ndarray) -> np.ndarray:
    return colors / 255 if colors.max(initial=0) > BRIGHTEST else colors


def _clean(colors: np.ndarray) -> np.ndarray:
    return np.clip(np.nan_to_num(colors[:, :3].astype(np.float32)), 0, 1)


def _read_off(data: bytes, files: References) -> MeshData:
    off = parse_off(data, strict=True)
    return _colored(MeshData(off.verts, off.faces), off.colors, off.faces_colors)


def _read_stl(data: bytes, files: References) -> MeshData:
    return MeshData(*parse_stl(data))


def _read_obj(data: bytes, files: References) -> MeshData:
    obj = parse_obj(data, strict=True)
    plain = MeshData(obj.verts, obj.faces)
    check_mesh(plain)
    if obj.colors is not None:
        return _colored(plain, obj.colors, None)
    colors, pictures = _obj_materials(obj, files)
    known = np.array([name in colors or name in pictures for name in obj.material_names] + [False])
    if not known[obj.materials].any():
        return plain
    of_materials = np.stack([colors.get(name, np.ones(3)) for name in [*obj.material_names, ""]])
    face_colors = _clean(of_materials[obj.materials])
    parts = _obj_parts(obj, pictures, face_colors, files)
    if parts is None:
        return replace(plain, faces_colors=face_colors)
    chosen, pieces = zip(*parts, strict=True)
    picture, uvs, index = pieces[0] if len(pieces) == 1 else merge_pictures(list(pieces))
    faces_uvs = np.empty((len(plain.faces), 3), np.int64)
    faces_uvs[np.concatenate(chosen)] = index
    return replace(plain, picture=picture, uvs=uvs, faces_uvs=faces_uvs)


def _obj_materials(obj: ObjData, files: References) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The diffuse colours and the pictures, multiplied with them, of the materials that the file uses."""
    found = _libraries(obj, files)
    if not obj.material_names and len(found.properties) == 1:
        obj.material_names.append(next(iter(found.properties)))
        obj.materials[:] = 0
    colors, pictures = {}, {}
    for name in obj.material_names:
        color = found.properties.get(name, {}).get("diffuse_color", np.zeros(0, np.float32))
        if len(color) in (1, 3):
            colors[name] = np.broadcast_to(color, 3)
        elif found.properties and name not in found.properties:
            say_left_out(f"the material {name!r} is not in its library")
        if name in found.files:
            tint = _clean(colors.get(name, np.zeros(3))[None])[0]
            shows = tint.any() and not (tint == 1).all()  # Maya writes black for "see the map"
            picture = _picture_of(files, found.files[name], tint if shows else None)
            if picture is not None:
                pictures[name] = picture
    return colors, pictures


def _libraries(obj: ObjData, files: References) -> MtlData:
    """The materials of all libraries; of two with one name that of the first."""
    found = MtlData()
    for line in obj.libraries:
        names = [line] if files.find(line) else library_names(line)
        for name in names:
            library = files.find(name)
            if library is None:
                say_left_out(f"the material file {name!r} is not there")
                continue
            data = read_file(library)
            with as_bad_input(library, ValueError, KeyError, say="malformed material file"):
                more = parse_mtl(data)
            found.files = {k: v for k, v in more.files.items() if k not in found.properties} | found.files
            found.properties = more.properties | found.properties
    return found


def _picture_of(files: References, name: str, tint: np.ndarray | None = None) -> np.ndarray | None:
    picture = files.picture(name, tint)
    if picture is None:
        say_left_out(f"the texture {name!r} is not there")
    return picture


def _obj_parts(
    obj: ObjData, pictures: dict[str, np.ndarray], face_colors: np.ndarray, files: References
) -> list[tuple[np.ndarray, Part]] | None:
    """The faces of each picture, and the others in a palette; None when no face shows a picture."""
    parts = []
    left = np.ones(len(obj.faces), bool)
    for shown in {id(picture): picture for picture in pictures.values()}.values():
        uses = np.array([pictures.get(name) is shown for name in obj.material_names] + [False])
        chosen = np.flatnonzero(uses[obj.materials] & obj.has_uvs)
        if len(chosen) == 0:
            continue
        left[chosen] = False
        uvs = obj.uvs.astype(np.float32)
        index = obj.faces_uvs[chosen]
        verts = np.zeros((len(chosen), 3), np.float32)
        check_mesh(MeshData(verts, np.zeros((1, 3), int), uvs=uvs, faces_uvs=index))
        parts.append((chosen, files.repeat(shown, uvs, index)))
    if not parts:
        return None
    if left.any():
        parts.append((np.flatnonzero(left), palette(face_colors[left])))
    return parts


_READERS = {
    ".obj": _read_obj,
    ".ply": _read_ply,
    ".glb": read_gltf,
    ".gltf": read_gltf,
    ".off": _read_off,
    ".stl": _read_stl,
}
