"""STL meshes, binary and ascii: triangles without colours."""

from itertools import chain
from typing import Any

import numpy as np
import torch

from ..structures import Meshes
from .errors import ParseError
from .pluggable_formats import MeshFormatInterpreter, endswith
from .streams import PathManager, read_bytes, writing

Device = torch.device | str
_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_START = 84


def parse_stl(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read STL content; corners at exactly the same place become one vertex.

    Returns:
        verts (V, 3) float32, in the order of first use; faces (F, 3) int64.

    Raises:
        ParseError: neither kind of STL, or less data than declared.
    """
    corners = _ascii_corners(data) if _is_ascii(data) else _binary_corners(data)
    corners = corners + np.float32(0)  # -0.0 and 0.0 are one place
    _, first, index = np.unique(
        np.ascontiguousarray(corners).view("V12").reshape(-1), return_index=True, return_inverse=True
    )
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return corners[first[order]], rank[index].reshape(-1, 3)


def _is_ascii(data: bytes) -> bool:
    if data.lstrip()[:5].lower() != b"solid":
        return False
    count = int.from_bytes(data[80:_START], "little")
    return len(data) != _START + count * _RECORD.itemsize


def _binary_corners(data: bytes) -> np.ndarray:
    if len(data) < _START:
        raise ParseError("too short for an STL file")
    count = int.from_bytes(data[80:_START], "little")
    if count * _RECORD.itemsize > len(data) - _START:
        held = (len(data) - _START) // _RECORD.itemsize
        raise ParseError(f"declares {count} triangles but holds {held}", "header")
    return np.frombuffer(data, _RECORD, count, _START)["corners"].reshape(-1, 3)


def _ascii_corners(data: bytes) -> np.ndarray:
    rows = [line.split() for line in data.splitlines()]
    corners = [row[1:] for row in rows if row and row[0] == b"vertex"]
    if not any(row and row[0].lower() == b"endsolid" for row in rows):
        raise ParseError("the closing 'endsolid' is missing")
    if len(corners) % 3 or any(len(corner) != 3 for corner in corners):
        raise ParseError("a facet without three vertices of three numbers")
    try:
        values = np.fromiter(map(float, chain.from_iterable(corners)), np.float64, 3 * len(corners))
    except ValueError as error:
        raise ParseError(str(error)) from None
    with np.errstate(over="ignore"):
        return values.reshape(-1, 3).astype(np.float32)


def stl_bytes(verts: np.ndarray, faces: np.ndarray) -> bytes:
    """A binary STL file of vertices (V, 3) and triangles (F, 3); normals follow the right-hand rule."""
    table = np.zeros(len(faces), _RECORD)
    corners = verts[faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    table["normal"] = normals / np.where(lengths > 0, lengths, 1)
    table["corners"] = corners
    return b"maquette".ljust(80, b" ") + len(faces).to_bytes(4, "little") + table.tobytes()


class MeshStlFormat(MeshFormatInterpreter):
    """STL for `IO`; always written in binary."""

    def __init__(self) -> None:
        self.known_suffixes = (".stl",)

    def read(
        self,
        path: Any,
        include_textures: bool,
        device: Device,
        path_manager: PathManager | None,
        **kwargs: Any,
    ) -> Meshes | None:
        """Read `path`, or give None when it is not an STL file."""
        if not endswith(path, self.known_suffixes):
            return None
        verts, faces = parse_stl(read_bytes(path, path_manager))
        return Meshes([torch.from_numpy(verts).to(device)], [torch.from_numpy(faces).to(device)])

    def save(
        self, data: Meshes, path: Any, path_manager: PathManager | None, binary: bool | None, **kwargs: Any
    ) -> bool:
        """Write the first mesh, or give False when `path` is not an STL file."""
        if not endswith(path, self.known_suffixes):
            return False
        with writing(path, path_manager) as out:
            verts, faces = data.verts_list()[0], data.faces_list()[0]
            out.write(stl_bytes(verts.detach().cpu().numpy(), faces.cpu().numpy()))
        return True
