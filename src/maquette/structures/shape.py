"""`Shape`: one ground-truth object of a data set."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from .meshes import Meshes
from .voxels import VoxelGrid

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Shape:
    """One object in the object frame (Y up, front +Z, bounding box centred at 0 with diagonal 1).

    A point p of the object frame lies at `p / scale + shift` in the coordinates of the file it came from.

    Attributes:
        id: name of the object, unique within its data set.
        category: word or synset of its class; empty where there is none.
        mesh: batch of one mesh, or None.
        voxels: batch of one grid, or None. At least one of mesh and voxels is there.
        split: "train", "val", "test" or None.
        scale: factor from file to object frame.
        shift: centre of the object in the file's coordinates.

    Raises:
        ValueError: no id, neither mesh nor voxels, more than one of them, an unknown split, or a scale that
            is not positive and finite.
    """

    id: str
    category: str = ""
    mesh: Meshes | None = None
    voxels: VoxelGrid | None = None
    split: str | None = None
    scale: float = 1.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("a shape needs an id")
        if self.mesh is None and self.voxels is None:
            raise ValueError(f"shape {self.id} has neither mesh nor voxels")
        for name, batch in (("mesh", self.mesh), ("voxel grid", self.voxels)):
            if batch is not None and len(batch) != 1:
                raise ValueError(f"shape {self.id} must have one {name}, got {len(batch)}")
        if self.split is not None and self.split not in SPLITS:
            raise ValueError(f"split of shape {self.id} must be one of {SPLITS} or None, got {self.split!r}")
        if not 0 < self.scale < float("inf"):
            raise ValueError(f"scale of shape {self.id} must be positive and finite, got {self.scale}")

    @classmethod
    def from_mesh(
        cls,
        id: str,
        mesh: Meshes,
        category: str = "",
        split: str | None = None,
        origin: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> "Shape":
        """Bring a mesh in the coordinates of its file into the object frame.

        Only vertices that a face uses count for the bounding box. `origin` is where the mesh's own origin lies in the
        file's coordinates.

        Raises:
            ValueError: the mesh is empty, not finite or has no extent.
        """
        if len(mesh) != 1 or mesh.isempty():
            raise ValueError(f"shape {id} must have one mesh with faces")
        used = mesh.verts_packed()[mesh.faces_packed().unique()]
        low, high = used.amin(0), used.amax(0)
        diagonal = float(torch.linalg.vector_norm(high - low))
        if not 0 < diagonal < float("inf"):
            raise ValueError(f"shape {id} has no finite, positive extent")
        center = (low + high) / 2
        placed = mesh.update_padded((mesh.verts_padded() - center) / diagonal)
        x, y, z = (a + b for a, b in zip(center.tolist(), origin, strict=True))
        return cls(id, category, mesh=placed, split=split, scale=1 / diagonal, shift=(x, y, z))

    def to_file(self, points: Float[Tensor, "*any 3"]) -> Float[Tensor, "*any 3"]:
        """Points of the object frame in the coordinates of the file."""
        return points / self.scale + points.new_tensor(self.shift)

    def from_file(self, points: Float[Tensor, "*any 3"]) -> Float[Tensor, "*any 3"]:
        """Points in the coordinates of the file, brought into the object frame."""
        return (points - points.new_tensor(self.shift)) * self.scale
