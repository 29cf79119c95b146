"""Reading glTF 2 assets: GLB containers, and JSON files with embedded or neighbouring data."""

import binascii
import json
import struct
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from urllib.parse import unquote

import numpy as np

from .errors import BadInput, ParseError
from .files import read_file
from .gltf_nodes import node_matrices
from .image_files import decode_texture
from .references import References

_MAGIC, _JSON, _BINARY = 0x46546C67, 0x4E4F534A, 0x004E4942
_ITEMS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_TRIANGLES, _STRIP, _FAN = 4, 5, 6


@dataclass(frozen=True, eq=False)
class Primitive:
    """One triangle mesh of the scene, in scene coordinates.

    Attributes:
        name: the mesh's name or None.
        verts: (V, 3) float32; faces: (F, 3) int64.
        colors: (V, 3 or 4) float32 as stored (linear by the standard), or None.
        uvs: (V, 2) float32 with v upward, or None.
        picture: (H, W, 3) base colour texture (sRGB), or None; one array for all primitives that share it.
        factor: (4,) base colour factor (linear), or None where there is no material.
    """

    name: str | None
    verts: np.ndarray
    faces: np.ndarray
    colors: np.ndarray | None
    uvs: np.ndarray | None
    picture: np.ndarray | None
    factor: np.ndarray | None


@dataclass
class Asset:
    """The JSON of an asset, its binary chunk and the files that it may name."""

    json: dict[str, Any]
    binary: bytes | None
    files: References | None
    buffers: dict[int, bytes] = field(default_factory=dict)
    pictures: dict[int, np.ndarray] = field(default_factory=dict)


def _read_header(stream: BinaryIO) -> tuple[int, int] | None:
    """(version, declared length) at the start of a GLB stream, or None when it is not GLB."""
    head = stream.read(12)
    if len(head) < 12:
        return None
    magic, version, length = struct.unpack("<III", head)
    return (version, length) if magic == _MAGIC else None


def read_asset(data: bytes, files: References | None = None) -> Asset:
    """Take a GLB or glTF file apart.

    Args:
        data: its content.
        files: what it may name; None to refuse other files.

    Raises:
        ParseError: not glTF 2, or shorter than it declares.
    """
    binary = None
    content = data
    if data[:4] == b"glTF":
        content, binary = _read_chunks(data)
    try:
        tree = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"not readable as glTF: {error}") from None
    if not isinstance(tree, dict) or not str(tree.get("asset", {}).get("version", "2")).startswith("2"):
        raise ParseError("not a glTF 2 asset")
    for extension in tree.get("extensionsRequired", []):
        if "compression" in extension:
            raise ParseError(f"{extension} is not supported")
    return Asset(tree, binary, files)


def _read_chunks(data: bytes) -> tuple[bytes, bytes | None]:
    if len(data) < 20:
        raise ParseError("too short for a GLB file")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2:
        raise ParseError(f"GLB version {version} is not supported")
    if length > len(data):
        raise ParseError(f"declares {length} bytes but holds {len(data)}", "header")
    chunks: dict[int, bytes] = {}
    at = 12
    while at + 8 <= length:
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > length:
            raise ParseError(f"a chunk declares {size} bytes, more than the file holds", f"byte {at}")
        chunks.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 8 + size
    if _JSON not in chunks:
        raise ParseError("Missing json header")
    return chunks[_JSON], chunks.get(_BINARY)


def read_primitives(asset: Asset, include_textures: bool = True) -> list[Primitive]:
    """The triangles of the default scene (the first, or all root nodes, where none is named).

    Strips and fans become triangles; points and lines are left out. A node that mirrors turns its faces
    round.

    Raises:
        ParseError: anything malformed, missing or unsupported.
    """
    try:
        return [
            primitive
            for matrix, mesh_index in node_matrices(asset.json)
            for primitive in _read_mesh(asset, asset.json["meshes"][mesh_index], matrix, include_textures)
        ]
    except ParseError:
        raise
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ParseError(f"malformed glTF ({type(error).__name__}: {error})") from error


def _read_mesh(asset: Asset, mesh: dict[str, Any], matrix: np.ndarray, textures: bool) -> list[Primitive]:
    found = []
    for primitive in mesh["primitives"]:
        mode = primitive.get("mode", _TRIANGLES)
        if mode not in (_TRIANGLES, _STRIP, _FAN) or "POSITION" not in primitive["attributes"]:
            continue
        attributes = primitive["attributes"]
        verts = access(asset, attributes["POSITION"]).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
        indices = (
            access(asset, primitive["indices"])[:, 0] if "indices" in primitive else np.arange(len(verts))
        )
        faces = _triangles(indices.astype(np.int64), mode)
        if np.linalg.det(matrix[:3, :3]) < 0:
            faces = faces[:, ::-1].copy()
        with np.errstate(over="ignore"):
            verts = verts.astype(np.float32)
        look = _read_look(asset, primitive) if textures else (None, None, None, None)
        found.append(Primitive(mesh.get("name"), verts, faces, *look))
    return found


def _triangles(indices: np.ndarray, mode: int) -> np.ndarray:
    if mode == _TRIANGLES:
        if len(indices) % 3:
            raise ParseError("the number of indices is not a multiple of 3")
        return indices.reshape(-1, 3)
    step = np.arange(max(len(indices) - 2, 0))
    if mode == _FAN:
        return np.stack([indices[step * 0], indices[step + 1], indices[step + 2]], axis=1)
    odd = step % 2
    return np.stack([indices[step], indices[step + 1 + odd], indices[step + 2 - odd]], axis=1)


def _read_look(
    asset: Asset, primitive: dict[str, Any]
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    attributes = primitive["attributes"]
    colors = _fractions(access(asset, attributes["COLOR_0"])) if "COLOR_0" in attributes else None
    material = asset.json.get("materials", [])[primitive["material"]] if "material" in primitive else None
    base = (material or {}).get("pbrMetallicRoughness", {})
    factor = None if material is None else np.array(base.get("baseColorFactor", [1, 1, 1, 1]), np.float32)
    texture = base.get("baseColorTexture")
    name = f"TEXCOORD_{(texture or {}).get('texCoord', 0)}"
    uvs = _fractions(access(asset, attributes[name])) if name in attributes else None
    if uvs is not None:
        uvs[:, 1] = 1 - uvs[:, 1]
    return colors, uvs, None if texture is None else _picture(asset, texture), factor


def _fractions(values: np.ndarray) -> np.ndarray:
    """Float32 in [0, 1]; bytes and shorts count as fractions of their largest value."""
    scale = np.iinfo(values.dtype).max if values.dtype.kind == "u" else 1
    return values.astype(np.float32) / np.float32(scale)


def _picture(asset: Asset, texture: dict[str, Any]) -> np.ndarray | None:
    entry = asset.json["textures"][texture["index"]]
    if "source" not in entry:
        return None
    index = entry["source"]
    if index not in asset.pictures:
        decode = decode_texture if asset.files is None else asset.files.texture
        asset.pictures[index] = decode(_picture_bytes(asset, asset.json["images"][index]))
    return asset.pictures[index]


def _picture_bytes(asset: Asset, image: dict[str, Any]) -> bytes:
    if "uri" in image:
        return _from_uri(asset, image["uri"])
    view = asset.json["bufferViews"][image["bufferView"]]
    start = view.get("byteOffset", 0)
    return _buffer(asset, view["buffer"])[start : start + view["byteLength"]]


def _buffer(asset: Asset, index: int) -> bytes:
    if index not in asset.buffers:
        entry = asset.json["buffers"][index]
        if "uri" in entry:
            content = _from_uri(asset, entry["uri"])
        elif index == 0 and asset.binary is not None:
            content = asset.binary
        else:
            raise ParseError("the binary data is missing", f"buffer {index}")
        if len(content) < entry["byteLength"]:
            raise ParseError("Not enough binary data for the buffer", f"buffer {index}")
        asset.buffers[index] = content
    return asset.buffers[index]


def _from_uri(asset: Asset, uri: str) -> bytes:
    if uri.startswith("data:"):
        try:
            return b64decode(uri.split(",", 1)[1])
        except (binascii.Error, IndexError):
            raise ParseError("embedded data is not readable") from None
    if asset.files is None or "://" in uri:
        raise ParseError(f"Unexpected URI type: {uri[:60]}")
    path = asset.files.find(unquote(uri), moved=False)
    if path is None:
        raise ParseError(f"{uri}: No such file or directory")
    try:
        return read_file(path)
    except BadInput as error:
        raise ParseError(f"{uri}: {error.reason}") from None


def access(asset: Asset, index: int) -> np.ndarray:
    """The values of an accessor, (count, width); whole numbers meant as fractions come as float32 in [-1, 1].

    Every declared size is checked against the data before anything is made.
    """
    entry = asset.json["accessors"][index]
    where = f"accessor {index}"
    if "bufferView" not in entry or "sparse" in entry:
        raise ParseError("sparse or empty accessors are not supported", where)
    item, width, count = np.dtype(_ITEMS[entry["componentType"]]), _WIDTHS[entry["type"]], int(entry["count"])
    view = asset.json["bufferViews"][entry["bufferView"]]
    data = _buffer(asset, view["buffer"])
    stride = view.get("byteStride", 0) or item.itemsize * width
    start = view.get("byteOffset", 0) + entry.get("byteOffset", 0)
    needed = (count - 1) * stride + item.itemsize * width if count > 0 else 0
    if count < 0 or start < 0 or stride < item.itemsize * width:
        raise ParseError("sizes that make no sense", where)
    within = entry.get("byteOffset", 0) + needed > view["byteLength"]
    if within or start + needed > len(data):
        raise ParseError("Buffer did not have enough data for the accessor", where)
    if count == 0:
        return np.zeros((0, width), item)
    chars = np.frombuffer(data, np.uint8, needed, start)
    rows = np.lib.stride_tricks.as_strided(chars, (count, item.itemsize * width), (stride, 1))
    values = np.ascontiguousarray(rows).view(item)
    if entry.get("normalized") and item.kind in "iu":
        return np.maximum(values.astype(np.float32) / np.iinfo(item).max, -1)
    return values.copy()
