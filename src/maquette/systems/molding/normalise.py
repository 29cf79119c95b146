"""The frame that molding works in, and the way back from it."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...structures import Meshes


@dataclass(frozen=True)
class Normalisation:
    """A shift and a scale: `working = (world - shift) / scale`.

    Attributes:
        shift: (3,) the point of the world that becomes the origin.
        scale: length in the world that becomes 1, > 0.
    """

    shift: Float[Tensor, " 3"]
    scale: float

    def points(self, world: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
        """Bring points of the world into the working frame."""
        return (world - self.shift.to(world)) / self.scale

    def points_back(self, working: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
        """Bring points of the working frame into the world."""
        return working * self.scale + self.shift.to(working)

    def mesh(self, world: Meshes) -> Meshes:
        """Bring meshes into the working frame; faces and textures stay."""
        return _with_verts(world, self.points(world.verts_packed()))

    def mesh_back(self, working: Meshes) -> Meshes:
        """Bring meshes into the world; faces and textures stay."""
        return _with_verts(working, self.points_back(working.verts_packed()))


def _with_verts(mesh: Meshes, verts: Tensor) -> Meshes:
    # not by `offset_verts`: old + (new - old) is new only where both are of one size
    each = list(verts.split(mesh.num_verts_per_mesh().tolist()))
    return Meshes(each, mesh.faces_list(), mesh.textures)


def find_normalisation(verts: Float[Tensor, "vert 3"]) -> Normalisation:
    """Centre on the vertex mean and divide by the largest absolute coordinate.

    This is the frame of PyTorch3D's tutorial on deforming a sphere; all weights of the losses refer to it.
    What is built on the target, quadrics among it, has to be built after it.

    Args:
        verts: at least one vertex, not all in one place.

    Raises:
        ValueError: where the vertices have no extent or are not finite.
    """
    if len(verts) == 0:
        raise ValueError("a target without vertices cannot be normalised")
    shift = verts.detach().double().mean(dim=0)
    scale = (verts.detach().double() - shift).abs().max().item()
    if not 0 < scale < float("inf"):
        raise ValueError("the target's vertices must be finite and not all in one place")
    return Normalisation(shift.to(verts.dtype), scale)


def normalise(target: Meshes) -> tuple[Meshes, Normalisation]:
    """The target in the working frame, and the frame; see `find_normalisation`."""
    frame = find_normalisation(target.verts_packed())
    return frame.mesh(target), frame


def ball(centre: Float[Tensor, " 3"], radius: float) -> Normalisation:
    """The working frame in which a ball of the world is the unit ball."""
    if not radius > 0:
        raise ValueError(f"the radius must be positive, not {radius}")
    return Normalisation(torch.as_tensor(centre), float(radius))
