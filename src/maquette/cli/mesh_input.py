"""Meshes that commands are given: read and judged before torch is imported."""

from pathlib import Path

import numpy as np

from ..io.errors import BadInput
from ..io.mesh_data import MeshData
from ..io.mesh_read import read_mesh


def need_mesh(path: Path, root: Path | None = None) -> MeshData:
    """Read a mesh; refuse one that cannot be read, and one without any area, which nothing can be done with."""
    mesh = read_mesh(path, root)
    corners = mesh.verts.astype(np.float64)[mesh.faces]
    if not np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).any():
        raise BadInput(path, "the mesh has no area: all of its faces are lines or points")
    return mesh
