"""Rings with a round cross-section."""

import math

import torch

from ..structures.device import Device
from ..structures.meshes import Meshes


def torus(r: float, R: float, sides: int, rings: int, device: Device | None = None) -> Meshes:
    """Torus around the axis Z: a circle of radius r whose centre runs along one of radius R.

    Vertex (ring, side) has number ring * sides + side; faces and their order are those of PyTorch3D.

    Args:
        r: radius of the tube.
        R: distance of the tube's middle from the axis.
        sides: number of vertices around the tube.
        rings: number of vertices around the axis.
        device: where the mesh lives; the CPU by default.

    Returns:
        one mesh of sides * rings vertices and twice as many faces.

    Raises:
        ValueError: no sides or no rings.
    """
    if not sides > 0:
        raise ValueError("sides must be > 0.")
    if not rings > 0:
        raise ValueError("rings must be > 0.")
    around = 2 * math.pi / rings * torch.arange(rings, dtype=torch.float64)[:, None]
    within = 2 * math.pi / sides * torch.arange(sides, dtype=torch.float64)
    from_axis = R + r * torch.cos(within)
    height = (r * torch.sin(within)).expand(rings, sides)
    verts = torch.stack((from_axis * torch.cos(around), from_axis * torch.sin(around), height), dim=2)
    return Meshes(
        verts=[verts.reshape(-1, 3).to(device=device, dtype=torch.float32)],
        faces=[_faces(sides, rings).to(device)],
    )


def _faces(sides: int, rings: int) -> torch.Tensor:
    """Two triangles between each vertex, the one before it on its ring, and those two on the ring before."""
    here = torch.arange(sides * rings).view(rings, sides)
    before, below = here.roll(1, dims=1), here.roll(1, dims=0)
    before_below = below.roll(1, dims=1)
    first = torch.stack((before_below, before, here), dim=2)
    second = torch.stack((here, below, before_below), dim=2)
    return torch.stack((first, second), dim=2).reshape(-1, 3)
