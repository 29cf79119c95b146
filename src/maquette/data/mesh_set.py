"""`MeshSet`: the meshes of a published data set, brought into the object frame one by one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..io.errors import BadInput
from ..io.mesh_tensors import load_near
from ..structures import Meshes
from ..structures.shape import Shape
from .batch import Entry
from .mesh_axes import OBJECT_AXES, MeshAxes
from .problems import Problem


@dataclass(frozen=True, eq=False)
class MeshSet:
    """Meshes of a data set, none of which has been opened yet.

    Attributes:
        name: of the data set; the `source` of its entries.
        root: its folder.
        files: the mesh files.
        entries: what is known of each.
        axes: where up and the objects' front are in the files.
        problems: objects that are left out, and why.
    """

    name: str
    root: Path
    files: tuple[Path, ...]
    entries: tuple[Entry, ...]
    axes: MeshAxes = OBJECT_AXES
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.files)

    def shape(self, index: int) -> Shape:
        """One object in the object frame.

        Its `scale` and `shift` lead to the file's coordinates after they were turned (`MeshAxes.turn`).

        Raises:
            BadInput: the file is missing or malformed, or the mesh has no extent.
        """
        entry, path = self.entries[index], self.files[index]
        mesh, origin = load_turned(path, self.axes, self.root)
        try:
            return Shape.from_mesh(entry.id, mesh, entry.category, entry.split, origin)
        except ValueError as error:
            raise BadInput(path, str(error)) from error


def load_turned(path: Path, axes: MeshAxes, root: Path) -> tuple[Meshes, tuple[float, float, float]]:
    """A mesh in the axes of the object frame, and where its origin lies in the file's turned coordinates.

    Raises:
        BadInput: as `load_mesh`.
    """
    mesh, origin = load_near(path, root=root)
    x, y, z = (np.array(origin) @ axes.turn()).tolist()
    return turned(mesh, axes), (x, y, z)


def turned(mesh: Meshes, axes: MeshAxes) -> Meshes:
    """Meshes with the axes of their files, in the axes of the object frame."""
    verts = mesh.verts_padded()
    return mesh.update_padded(verts @ torch.from_numpy(axes.turn()).to(verts))
