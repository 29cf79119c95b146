"""STL meshes, binary and ascii: triangles without colours."""

from typing import Any

import numpy as np
import torch

from ..structures import Meshes
from .pluggable_formats import MeshFormatInterpreter, endswith
from .stl_parse import RECORD, parse_stl
from .streams import PathManager, read_bytes, writing

Device = torch.device | str


def stl_bytes(verts: np.ndarray, faces: np.ndarray) -> bytes:
    """A binary STL file of vertices (V, 3) and triangles (F, 3); normals follow the right-hand rule."""
    table = np.zeros(len(faces), RECORD)
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
