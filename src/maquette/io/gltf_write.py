"""Writing GLB: triangle meshes with vertex colours or an embedded texture, nothing else."""

import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from .image_files import png_bytes
from .mesh_data import MeshData

_ARRAY, _ELEMENTS = 34962, 34963
_UPRIGHT = {
    "-Y": [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
    "+X": [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
    "-X": [[0, 1, 0], [-1, 0, 0], [0, 0, 1]],
    "+Z": [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
    "-Z": [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
}  # turns that bring an axis to +Y
_TYPE_OF_WIDTH = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}


@dataclass(frozen=True, eq=False)
class GlbPart:
    """One primitive: arrays as they are stored.

    Attributes:
        verts: (V, 3); faces: (F, 3); normals: (V, 3) or None.
        colors: (V, 3) in [0, 1], linear by the standard, or None.
        uvs: (V, 2) with v upward, and picture: (H, W, 3) in [0, 1], or None.
    """

    verts: np.ndarray
    faces: np.ndarray
    normals: np.ndarray | None = None
    colors: np.ndarray | None = None
    uvs: np.ndarray | None = None
    picture: np.ndarray | None = None


class _Buffer:
    """The binary chunk and the lists of the JSON chunk, growing together."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.lists: dict[str, list[dict[str, Any]]] = {}

    def add(self, name: str, entry: dict[str, Any]) -> int:
        self.lists.setdefault(name, []).append(entry)
        return len(self.lists[name]) - 1

    def view(self, content: bytes, target: int | None = None) -> int:
        self.data += b"\0" * (-len(self.data) % 4)
        entry = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content)}
        self.data += content
        return self.add("bufferViews", entry if target is None else entry | {"target": target})

    def floats(self, values: np.ndarray, bounds: bool = False) -> int:
        array = np.ascontiguousarray(values, "<f4")
        entry: dict[str, Any] = {"bufferView": self.view(array.tobytes(), _ARRAY), "componentType": 5126}
        entry |= {"count": len(array), "type": _TYPE_OF_WIDTH[array.shape[1]]}
        if bounds and len(array):
            entry |= {"min": array.min(0).tolist(), "max": array.max(0).tolist()}
        return self.add("accessors", entry)

    def indices(self, faces: np.ndarray, verts: int) -> int:
        kind, code = ("<u2", 5123) if verts < 65536 else ("<u4", 5125)
        content = faces.astype(kind).tobytes()
        entry = {"bufferView": self.view(content, _ELEMENTS), "componentType": code}
        return self.add("accessors", entry | {"count": faces.size, "type": "SCALAR"})


def glb_bytes(parts: list[GlbPart], nodes: list[str] | None = None, up: str = "+Y") -> bytes:
    """The content of a GLB file.

    The same parts give the same bytes.

    Args:
        parts: what it holds.
        nodes: a name for each part, which then is a node of its own; else one node has them all.
        up: axis of the vertices that points up. Vertices stay as they are; nodes turn another one than +Y to +Y.
    """
    buffer = _Buffer()
    groups = [("node", parts)] if nodes is None else [(n, [p]) for n, p in zip(nodes, parts, strict=True)]
    for name, group in groups:
        mesh = "mesh" if nodes is None else name
        buffer.add("meshes", {"name": mesh, "primitives": [_primitive(buffer, part) for part in group]})
    turn = {"matrix": _columns(_UPRIGHT[up])} if up in _UPRIGHT else {}
    tree = {
        "asset": {"version": "2.0", "generator": "maquette"},
        "extensionsUsed": ["KHR_materials_specular"],
        "scene": 0,
        "scenes": [{"nodes": list(range(len(groups)))}],
        "nodes": [{"name": name, "mesh": i, **turn} for i, (name, _) in enumerate(groups)],
        **buffer.lists,
        "buffers": [{"byteLength": len(buffer.data)}],
    }
    text = json.dumps(tree, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    binary = bytes(buffer.data) + b"\0" * (-len(buffer.data) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text
    chunks += struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def _columns(turn: list[list[int]]) -> list[int]:
    """A node's 4x4 matrix, column after column."""
    matrix = np.eye(4, dtype=int)
    matrix[:3, :3] = turn
    columns: list[int] = matrix.T.reshape(-1).tolist()
    return columns


def _primitive(buffer: _Buffer, part: GlbPart) -> dict[str, Any]:
    attributes = {"POSITION": buffer.floats(part.verts, bounds=True)}
    if part.normals is not None:
        attributes["NORMAL"] = buffer.floats(part.normals)
    if part.colors is not None:
        attributes["COLOR_0"] = buffer.floats(part.colors)
    if part.uvs is not None:
        attributes["TEXCOORD_0"] = buffer.floats(np.stack([part.uvs[:, 0], 1 - part.uvs[:, 1]], axis=1))
    indices = buffer.indices(part.faces, len(part.verts))
    material = _material(buffer, part.picture)
    return {"attributes": attributes, "indices": indices, "mode": 4, "material": material}


def _material(buffer: _Buffer, picture: np.ndarray | None) -> int:
    """A matt surface without highlights: under white light it shows the stored colours, in three.js to the bit.

    Without a material the standard has it metal, which only reflects; highlights of plastic wash colours out.
    """
    surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": 1.0}
    matt = {"KHR_materials_specular": {"specularFactor": 0.0}}
    if picture is not None:
        view = buffer.view(png_bytes(picture))
        image = buffer.add("images", {"mimeType": "image/png", "bufferView": view})
        wrap = {"magFilter": 9729, "minFilter": 9987, "wrapS": 10497, "wrapT": 10497}
        texture = buffer.add("textures", {"sampler": buffer.add("samplers", wrap), "source": image})
        surface["baseColorTexture"] = {"index": texture}
    return buffer.add("materials", {"pbrMetallicRoughness": surface, "doubleSided": True, "extensions": matt})


def glb_part(mesh: MeshData, normals: np.ndarray | None = None) -> GlbPart:
    """A mesh as GLB stores it: split at the seams of its texture, unwelded for colours of faces.

    Args:
        mesh: with any colours; they are stored as they are.
        normals: (V, 3) of its vertices, or None.
    """
    if mesh.picture is not None and mesh.uvs is not None and mesh.faces_uvs is not None:
        vertex, uvs, faces = split_at_seams(mesh.verts, mesh.faces, mesh.uvs, mesh.faces_uvs)
        normals = None if normals is None else normals[vertex]
        return GlbPart(mesh.verts[vertex], faces, normals, uvs=uvs, picture=mesh.picture)
    if mesh.faces_colors is not None:
        normals = None if normals is None else normals[mesh.faces].reshape(-1, 3)
        mesh = mesh.unwelded()
    return GlbPart(mesh.verts, mesh.faces, normals, colors=mesh.verts_colors)


def split_at_seams(
    verts: np.ndarray, faces: np.ndarray, uvs: np.ndarray, faces_uvs: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give every pair (vertex, texture coordinate) a vertex of its own, as GLB wants them.

    Returns:
        vertex: (W,) index into `verts`; uvs: (W, 2); faces: (F, 3) into both. Nothing changes where each
        vertex already has its own coordinate.
    """
    if len(uvs) == len(verts) and np.array_equal(faces, faces_uvs):
        return np.arange(len(verts)), uvs, faces
    pairs = faces.reshape(-1) * len(uvs) + faces_uvs.reshape(-1)
    unique, index = np.unique(pairs, return_inverse=True)
    return unique // len(uvs), uvs[unique % len(uvs)], index.reshape(-1, 3)
