"""Small packs that tests of packing and drawing use."""

from pathlib import Path

import torch

from maquette.data.pack import ShapePack, pack_shapes
from maquette.io import save_mesh
from maquette.renderer import TexturesAtlas
from maquette.structures import Meshes, join_meshes_as_scene
from maquette.structures.shape import Shape
from maquette.utils import ico_sphere


def box(low: tuple, high: tuple, colour: tuple) -> Meshes:
    """A closed box of one colour."""
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)
    verts = torch.tensor(low) + corners * (torch.tensor(high) - torch.tensor(low))
    quads = torch.tensor([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    faces = torch.cat([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return Meshes([verts], [faces], TexturesAtlas([torch.tensor(colour).expand(12, 1, 1, 3)]))


def stool(height: float = 1.0) -> Meshes:
    """A red seat on two blue legs, which touch nothing; no symmetry in x."""
    parts = [
        box((0.0, height, 0.0), (1.0, height + 0.2, 0.8), (1.0, 0.0, 0.0)),
        box((0.0, 0.0, 0.0), (0.2, height - 0.01, 0.2), (0.0, 0.0, 1.0)),
        box((0.5, 0.0, 0.6), (0.6, height - 0.01, 0.8), (0.0, 0.0, 1.0)),
    ]
    return join_meshes_as_scene(parts)


def small_pack(count: int = 10) -> ShapePack:
    """Stools of different heights: the last but one held for validation, the last for testing."""
    splits = ["train"] * (count - 2) + ["val", "test"]
    shapes = [
        Shape.from_mesh(f"stool/{i}", stool(0.5 + 0.1 * i), "stool", split) for i, split in enumerate(splits)
    ]
    return pack_shapes(shapes, source="made", licence="anyone may use it")


def mesh_folder(root: Path) -> Path:
    """Two categories, a broken mesh, a flat point, and a table."""
    for category, mesh in (("stool", stool()), ("ball", ico_sphere(1))):
        (root / category).mkdir(parents=True)
        save_mesh(mesh, root / category / "one.ply")
    (root / "ball" / "broken.ply").write_text("ply\nformat ascii 1.0\n")
    (root / "ball" / "point.obj").write_text("v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n")
    rows = [
        "file,split,family,source,licence",
        "stool/one.ply,test,f1,mine,CC0",
        "ball/one.ply,,,mine,",
        "ball/broken.ply,,,mine,",
        "ball/point.obj,,,mine,",
    ]
    (root / "MANIFEST.csv").write_text("\n".join(rows) + "\n")
    return root
