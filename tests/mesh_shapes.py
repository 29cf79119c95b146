"""Small meshes that several tests use."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from maquette.structures import Meshes

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> dict[str, Tensor]:
    """Arrays of a golden file as tensors."""
    with np.load(GOLDEN / f"{name}.npz") as file:
        return {key: torch.as_tensor(value) for key, value in file.items()}


def golden_mesh(name: str, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Vertices that want a gradient, and faces, of a golden mesh file."""
    data = golden(name)
    return data["verts"].to(dtype).requires_grad_(), data["faces"]


def random_mesh(verts: int, faces: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Random points joined at random: open, non-manifold, each face with three different corners."""
    corners = torch.stack([torch.randperm(verts)[:3] for _ in range(faces)])
    return torch.randn(verts, 3, dtype=dtype), corners


def tetrahedron(dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Corner of a cube, oriented outwards."""
    verts = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=dtype)
    return verts, torch.tensor([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


def hinge(degrees: float, dtype: torch.dtype = torch.float64) -> Meshes:
    """Two right triangles at the common edge (0, 0, 0) - (1, 0, 0), bent out of a plane by an angle."""
    angle = torch.tensor(degrees, dtype=dtype).deg2rad()
    zero = angle * 0
    tip = torch.stack([zero, -angle.cos(), angle.sin()])
    verts = torch.stack([torch.tensor([0.0, 0, 0], dtype=dtype), torch.tensor([1.0, 0, 0], dtype=dtype)])
    verts = torch.cat([verts, torch.tensor([[0.0, 1, 0]], dtype=dtype), tip[None]])
    return Meshes([verts], [torch.tensor([[0, 1, 2], [1, 0, 3]])])


def mixed_batch(dtype: torch.dtype = torch.float32) -> Meshes:
    """Meshes of different sizes: a tetrahedron, an empty mesh, a random soup, a face of no area."""
    verts, faces = zip(tetrahedron(dtype), random_mesh(12, 20, dtype), strict=True)
    flat = torch.tensor([[0.0, 0, 0], [0.0, 0, 0], [1.0, 0, 0], [2.0, 0, 0]], dtype=dtype)
    nothing = torch.zeros(0, 3, dtype=dtype), torch.zeros(0, 3, dtype=torch.int64)
    return Meshes(
        [verts[0], nothing[0], verts[1], flat],
        [faces[0], nothing[1], faces[1], torch.tensor([[0, 1, 2], [1, 2, 3], [0, 2, 3]])],
    )
