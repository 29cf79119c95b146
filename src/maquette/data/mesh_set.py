"""`MeshSet`: the meshes of a published data set, brought into the object frame one by one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from ..io.errors import BadInput
from ..io.mesh_tensors import load_mesh
from ..structures.shape import Shape
from .batch import Entry
from .problems import Problem

Axis = Literal["+X", "-X", "+Z", "-Z"]
_TO_FRONT = {  # rows: where +X, +Y and +Z of the file come to when the front turns to +Z about Y
    "+Z": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "+X": ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0)),
    "-Z": ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    "-X": ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
}


@dataclass(frozen=True, eq=False)
class MeshSet:
    """Meshes of a data set, none of which has been opened yet.

    Attributes:
        name: of the data set; the `source` of its entries.
        root: its folder.
        files: the mesh files.
        entries: what is known of each.
        front: where the objects' front is in the files; up is +Y.
        problems: objects that are left out, and why.
    """

    name: str
    root: Path
    files: tuple[Path, ...]
    entries: tuple[Entry, ...]
    front: Axis = "+Z"
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.files)

    def shape(self, index: int) -> Shape:
        """One object in the object frame.

        Its `scale` and `shift` lead to the file's coordinates after the front was turned to +Z (`turn`).

        Raises:
            BadInput: the file is missing or malformed, or the mesh has no extent.
        """
        entry, path = self.entries[index], self.files[index]
        mesh = load_mesh(path)
        turned = mesh.update_padded(mesh.verts_padded() @ turn(self.front).to(mesh.verts_padded()))
        try:
            return Shape.from_mesh(entry.id, turned, entry.category, entry.split)
        except ValueError as error:
            raise BadInput(path, str(error)) from error


def turn(front: Axis) -> torch.Tensor:
    """(3, 3): row vectors of a file times this have their front at +Z."""
    return torch.tensor(_TO_FRONT[front])
