"""STL meshes, binary and ascii: triangles without colours."""

from typing import Any

import numpy as np
import torch

from ..structures import Meshes
from .pluggable_formats import MeshFileFormat
from .stl_parse import RECORD, parse_stl
from .streams import PathManager, read_bytes


def stl_bytes(verts: np.ndarray, faces: np.ndarray) -> bytes:
    """A binary STL file of vertices (V, 3) and triangles (F, 3); normals follow the right-hand rule."""
    table = np.zeros(len(faces), RECORD)
    corners = verts[faces].astype(np.float64)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    table["normal"] = normals / np.where(lengths > 0, lengths, 1)
    table["corners"] = corners
    return b"maquette".ljust(80, b" ") + len(faces).to_bytes(4, "little") + table.tobytes()


class MeshStlFormat(MeshFileFormat):
    """STL for `IO`; always written in binary."""

    known_suffixes = (".stl",)

    def load(
        self, path: Any, path_manager: PathManager | None, include_textures: bool, **kwargs: Any
    ) -> Meshes:
        verts, faces = parse_stl(read_bytes(path, path_manager))
        return Meshes([torch.from_numpy(verts)], [torch.from_numpy(faces)])

    def content(self, data: Meshes, binary: bool | None, **kwargs: Any) -> bytes:
        verts, faces = data.verts_list()[0], data.faces_list()[0]
        return stl_bytes(verts.detach().cpu().numpy(), faces.cpu().numpy())
