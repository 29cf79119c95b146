"""Hollows that colours show are carved out of the hull; plain surfaces and thin parts stay."""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from maquette.data.families import make
from maquette.ops import SubdivideMeshes
from maquette.renderer import TexturesVertex
from maquette.renderer.views import render_views, sphere_views
from maquette.structures import Meshes
from maquette.systems.molding.carving import carved_hull
from maquette.systems.molding.hull import hull_grid, surface_of
from maquette.systems.molding.optimise import seeded
from maquette.systems.molding.points import score_points
from maquette.systems.molding.silhouettes import find_ball

SIZE, VIEWS = 96, 20


def painted(mesh: Meshes) -> Meshes:
    """A mesh in clouds of colours."""
    while len(mesh.verts_packed()) < 10_000:
        mesh = SubdivideMeshes()(Meshes(mesh.verts_list(), mesh.faces_list()))
    clouds = torch.rand(1, 3, 16, 16, 16, generator=torch.Generator().manual_seed(0))
    places = 1.6 * mesh.verts_packed()[None, None, None]
    colours = grid_sample(clouds, places, align_corners=True)[0, :, 0, 0].T
    return Meshes(mesh.verts_list(), mesh.faces_list(), TexturesVertex([colours]))


def carve(mesh: Meshes, images: Tensor | None = None) -> tuple[Meshes, Meshes | None]:
    cameras = sphere_views(VIEWS, 1.75, 40.0)
    seen = render_views(mesh, cameras, SIZE, lit=False)
    masks = seen.masks.float()
    frame = find_ball(cameras, masks)
    hull = hull_grid(masks, cameras, frame)
    return surface_of(hull), carved_hull(seen.images if images is None else images, masks, cameras, hull)


def chamfer(mesh: Meshes, truth: Meshes) -> float:
    with seeded(0, torch.device("cpu")):
        return score_points(mesh, truth)[0]


def test_a_painted_mug_is_hollow() -> None:
    mug = painted(make("mug", 7).mesh)
    hull, carved = carve(mug)
    assert carved is not None
    assert chamfer(carved, mug) < 0.7 * chamfer(hull, mug)


def test_pictures_of_one_grey_leave_the_hull() -> None:
    mug = make("mug", 7).mesh
    _, carved = carve(mug, torch.full((VIEWS, 3, SIZE, SIZE), 0.5))
    assert carved is None
