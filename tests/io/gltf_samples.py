"""Small glTF assets, made in memory."""

import json
import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maquette.io.errors import BadInput
from maquette.io.mesh_data import MeshData
from maquette.io.mesh_read import read_mesh

_CODES = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
_KINDS = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
SQUARE = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
QUARTERS = np.repeat(np.repeat([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]], 4, 0), 4, 1)


class Sample:
    """A unit square (mesh 0) shown by one node; `tree` is its JSON, to be changed at will."""

    def __init__(self, **primitive: Any) -> None:
        self.tree: dict[str, Any] = {"asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}]}
        self.tree |= {"nodes": [{"mesh": 0}], "bufferViews": [], "accessors": [], "buffers": []}
        self.data = b""
        self.primitive = {
            "attributes": {"POSITION": self.add(SQUARE)},
            "indices": self.add([0, 1, 2, 0, 2, 3], "u2"),
        }
        self.primitive |= primitive
        self.tree["meshes"] = [{"primitives": [self.primitive]}]

    def view(self, content: bytes) -> int:
        self.data += b"\0" * (-len(self.data) % 4)
        self.tree["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content)}
        )
        self.data += content
        return len(self.tree["bufferViews"]) - 1

    def add(self, values: Any, kind: str = "f4", **more: Any) -> int:
        """An accessor of (count, width) values."""
        array = np.array(values, "<" + kind).reshape(len(values), -1)
        entry = {"bufferView": self.view(array.tobytes()), "componentType": _CODES[kind], "count": len(array)}
        self.tree["accessors"].append(entry | {"type": _KINDS[array.shape[1]]} | more)
        return len(self.tree["accessors"]) - 1

    def attribute(self, name: str, values: Any, kind: str = "f4", **more: Any) -> None:
        self.primitive["attributes"][name] = self.add(values, kind, **more)

    def material(self, **material: Any) -> None:
        self.primitive["material"] = 0
        self.tree["materials"] = [material]

    def texture(self, pixels: np.ndarray = QUARTERS, format: str = "PNG", **texture: Any) -> None:
        """Picture 0 and texture 0."""
        file = BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(file, format=format, lossless=True)
        self.tree["images"] = [{"bufferView": self.view(file.getvalue())}]
        self.tree["textures"] = [texture or {"source": 0}]

    def glb(self) -> bytes:
        self.tree["buffers"] = [{"byteLength": len(self.data)}]
        text = json.dumps(self.tree).encode()
        text += b" " * (-len(text) % 4)
        binary = self.data + b"\0" * (-len(self.data) % 4)
        chunks = (
            struct.pack("<I4s", len(text), b"JSON")
            + text
            + struct.pack("<I4s", len(binary), b"BIN\0")
            + binary
        )
        return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def read(sample: Sample, folder: Path) -> MeshData:
    (folder / "m.glb").write_bytes(sample.glb())
    return read_mesh(folder / "m.glb")


def refused(sample: Sample, folder: Path, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        read(sample, folder)
    assert "\n" not in str(caught.value)
