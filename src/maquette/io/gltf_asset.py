"""A glTF 2 asset taken apart: its JSON, its buffers, and what may be spent on it.

What the JSON says is believed only after it was looked at: entries are fetched by `Asset.item`, numbers by `numbers`
and `whole`.
"""

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
from .references import References

_MAGIC, _JSON, _BINARY = 0x46546C67, 0x4E4F534A, 0x004E4942
_REPEATED = (
    1 << 21
)  # vertices and indices that may be read beyond those that a file can hold, since nodes share meshes
_READ = {
    "EXT_mesh_gpu_instancing",
    "EXT_texture_webp",
    "KHR_materials_pbrSpecularGlossiness",
    "KHR_materials_unlit",
    "KHR_mesh_quantization",
    "KHR_node_visibility",
    "KHR_texture_transform",
}
_CHANGE_NOTHING = {"KHR_lights_punctual", "KHR_xmp_json_ld", "EXT_lights_image_based", "KHR_animation_pointer"} | {
    f"KHR_materials_{name}"
    for name in ("anisotropy", "clearcoat", "dispersion", "emissive_strength", "ior", "iridescence", "sheen",
                 "specular", "transmission", "variants", "volume")
}  # fmt: skip


@dataclass
class Asset:
    """An asset on its way to meshes.

    Attributes:
        json: its JSON.
        binary: the binary chunk, or None.
        files: what it may name.
        left: vertices and indices that may still be read.
        left_out: what was found that is not used, in words.
        buffers, pictures: those read so far.
    """

    json: dict[str, Any]
    binary: bytes | None
    files: References
    left: int
    left_out: dict[str, None] = field(default_factory=dict)
    buffers: dict[int, bytes] = field(default_factory=dict)
    pictures: dict[int, np.ndarray] = field(default_factory=dict)

    def item(self, kind: str, index: Any) -> dict[str, Any]:
        """Entry `index` of a list of the asset, such as its "nodes"."""
        entries = self.json.get(kind, [])
        if not isinstance(entries, list) or type(index) is not int or not 0 <= index < len(entries):
            raise ParseError(f"names {kind} {index!r:.20}, which is not there")
        entry: Any = entries[index]
        if not isinstance(entry, dict):
            raise ParseError("is not an object", f"{kind} {index}")
        return entry

    def spend(self, count: int) -> None:
        """Refuse scenes in which few bytes stand for very many vertices."""
        self.left -= count
        if self.left < 0:
            raise ParseError(
                f"meshes are repeated to more than {_REPEATED / 1e6:.2g} million vertices and indices"
            )

    def buffer(self, index: int) -> bytes:
        """The content of a buffer."""
        if index not in self.buffers:
            entry = self.item("buffers", index)
            if "uri" in entry:
                content = self.from_uri(entry["uri"])
                self.left += 4 * len(content)
            elif index == 0 and self.binary is not None:
                content = self.binary
            else:
                raise ParseError("the binary data is missing", f"buffer {index}")
            if len(content) < whole(entry, "byteLength"):
                raise ParseError("Not enough binary data for the buffer", f"buffer {index}")
            self.buffers[index] = content
        return self.buffers[index]

    def view(self, index: Any) -> tuple[bytes, int, int, int]:
        """Of a view of a buffer: the buffer, where the view starts in it, how long it is, and its stride or 0."""
        entry = self.item("bufferViews", index)
        data = self.buffer(whole(entry, "buffer"))
        start, length = whole(entry, "byteOffset", 0), whole(entry, "byteLength")
        if start + length > len(data):
            raise ParseError("Buffer did not have enough data for the view", f"view {index}")
        return data, start, length, whole(entry, "byteStride", 0)

    def from_uri(self, uri: str) -> bytes:
        """What a URI leads to: embedded data, or a file beside the asset."""
        if uri.startswith("data:"):
            try:
                return b64decode(uri.split(",", 1)[1])
            except (binascii.Error, IndexError):
                raise ParseError("embedded data is not readable") from None
        if "://" in uri:
            raise ParseError(f"Unexpected URI type: {uri[:60]}")
        path = self.files.find(unquote(uri), moved=False)
        if path is None:
            raise ParseError(f"{uri}: No such file or directory")
        try:
            return read_file(path)
        except BadInput as error:
            raise ParseError(f"{uri}: {error.reason}") from None


def numbers(entry: dict[str, Any], name: str, count: int, default: Any = None) -> np.ndarray:
    """The `count` finite numbers of a list in an entry, float64; `default` where there is none.

    Raises:
        ParseError: anything else.
    """
    values = entry.get(name, default)
    if (
        not isinstance(values, list)
        or len(values) != count
        or any(type(v) not in (int, float) for v in values)
    ):
        raise ParseError(f'"{name}" is not a list of {count} numbers')
    array = np.array(values, np.float64)
    if not np.isfinite(array).all():
        raise ParseError(f'"{name}" is not finite')
    return array


def whole(entry: dict[str, Any], name: str, default: int | None = None) -> int:
    """The whole number >= 0 of this name in an entry; `default` where there is none.

    Raises:
        ParseError: anything else.
    """
    value = entry.get(name, default)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or value < 0:
        raise ParseError(f'"{name}" is no whole number >= 0')
    return value


def extension(entry: dict[str, Any], name: str) -> dict[str, Any] | None:
    """An extension of an entry, or None."""
    found: dict[str, Any] | None = entry.get("extensions", {}).get(name)
    if found is not None and not isinstance(found, dict):
        raise ParseError(f"{name} is not an object")
    return found


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
        ParseError: not glTF 2, shorter than it declares, or one that requires an extension which is not read.
    """
    binary = None
    content = data
    if data[:4] == b"glTF":
        content, binary = _read_chunks(data)
    try:
        tree = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"not readable as glTF: {error}") from None
    about = tree.get("asset", {}) if isinstance(tree, dict) else None
    if not isinstance(about, dict) or not str(about.get("version", "2")).startswith("2"):
        raise ParseError("not a glTF 2 asset")
    asset = Asset(tree, binary, files or References(None), 4 * len(data) + _REPEATED)
    for name in _names(tree, "extensionsRequired"):
        if name not in _READ | _CHANGE_NOTHING:
            raise ParseError(f"requires {name}, which is not supported")
    for name in _names(tree, "extensionsUsed"):
        if name not in _READ | _CHANGE_NOTHING:
            asset.left_out[f"the extension {name}"] = None
    return asset


def _no_number(word: str) -> None:
    raise ParseError(f"{word} is no number of JSON")


def _names(tree: dict[str, Any], kind: str) -> list[str]:
    names = tree.get(kind, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ParseError(f'"{kind}" is not a list of names')
    return names


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
