"""The visual hull: nothing of the object is carved, and little besides it kept, with cameras of every kind."""

import pytest
import torch

from maquette.ops import voxelize
from maquette.ops.visual_hull import visual_hull
from maquette.renderer import (
    FoVOrthographicCameras,
    FoVPerspectiveCameras,
    OrthographicCameras,
    PerspectiveCameras,
)
from maquette.renderer.views import render_views, sphere_views
from maquette.structures import Meshes
from maquette.structures.voxels import VoxelGrid
from maquette.utils import ico_sphere, torus

SIZE, SIDE = 96, 1.3
CENTER = (0.2, -0.1, 0.3)


def ring() -> Meshes:
    """A torus about CENTER."""
    mesh = torus(0.12, 0.4, 16, 48)
    return Meshes([mesh.verts_packed() + torch.tensor(CENTER)], mesh.faces_list())


def seen(mesh, views=14):
    cameras = sphere_views(views, 2.5, 50.0)
    placed = FoVPerspectiveCameras(R=cameras.R, T=cameras.T - torch.tensor(CENTER) @ cameras.R, fov=50.0)
    return render_views(mesh, placed, SIZE).masks.float(), placed


def on_masks(points, masks, cameras, margin=0):
    """Whether points fall on all masks, grown by whole pixels."""
    grown = torch.nn.functional.max_pool2d(masks[:, None], 2 * margin + 1, 1, margin)[:, 0]
    on = torch.ones(len(points), dtype=torch.bool)
    for i in range(len(masks)):
        at = cameras[[i]].transform_points_screen(points[None], image_size=((SIZE, SIZE),))[0, :, :2]
        column, row = at.floor().long().clamp(0, SIZE - 1).unbind(dim=1)
        on &= grown[i, row, column] > 0
    return on


def samples(grid, each=4):
    """Points of all cells, (cell, each ** 3, 3)."""
    steps = (torch.arange(each) + 0.5) / each - 0.5
    index = torch.cartesian_prod(*[torch.arange(grid.resolution).float()] * 3)
    return grid.points_from_index(index[:, None] + torch.cartesian_prod(steps, steps, steps))


@pytest.mark.parametrize("n", [24, 40])
def test_no_cell_of_the_object_is_carved(n):
    mesh = ring()
    hull = visual_hull(*seen(mesh), n, SIDE, CENTER).occupancy > 0
    solid = voxelize(mesh, n, SIDE, CENTER).occupancy
    assert not bool((solid & ~hull).any())
    assert hull.sum() < 2.2 * solid.sum()


def test_a_cell_with_a_point_on_all_masks_is_kept_and_one_beyond_a_cell_of_it_is_not():
    masks, cameras = seen(ring())
    hull = visual_hull(masks, cameras, 24, SIDE, CENTER, margin=0.0)
    kept, points = hull.occupancy[0] > 0, samples(hull)
    holds = on_masks(points.view(-1, 3), masks, cameras).view(len(points), -1).any(dim=1).view(kept.shape)
    assert bool(kept[holds].all())
    near = torch.nn.functional.max_pool3d(holds[None].float(), 3, 1, 1)[0] > 0
    assert not bool((kept & ~near).any())


def test_a_hole_stays_open_and_the_surface_lies_within_a_cell():
    hull = visual_hull(*seen(ring(), 40), 48, SIDE, CENTER)
    along = hull.index_from_points(torch.tensor(CENTER))[None].round().long()[0]
    assert hull.occupancy[0][tuple(along)] == 0
    ball = Meshes([0.5 * ico_sphere(4).verts_packed() + torch.tensor(CENTER)], ico_sphere(4).faces_list())
    hull = visual_hull(*seen(ball, 60), 32, SIDE, CENTER)
    distance = (hull.cell_centers() - torch.tensor(CENTER)).norm(dim=-1)
    inside = hull.solid()[0]
    assert bool(inside[distance < 0.5 - hull.cell_size].all())
    assert not bool(inside[distance > 0.5 + hull.cell_size].any())


def test_cameras_of_all_kinds_see_alike():
    masks, cameras = seen(ring(), 3)
    expected = visual_hull(masks, cameras, 12, SIDE, CENTER)
    focal = cameras.get_projection_transform().get_matrix()[:, 0, 0]
    same = PerspectiveCameras(focal_length=focal, R=cameras.R, T=cameras.T)
    pixels = PerspectiveCameras(
        focal_length=focal * SIZE / 2,
        principal_point=((SIZE / 2, SIZE / 2),),
        R=cameras.R,
        T=cameras.T,
        in_ndc=False,
        image_size=((SIZE, SIZE),),
    )
    for other in (same, pixels):
        found = visual_hull(list(masks), other, 12, SIDE, CENTER)
        torch.testing.assert_close(found.occupancy, expected.occupancy, atol=1e-4, rtol=0)


@pytest.mark.parametrize("kind", [FoVOrthographicCameras, OrthographicCameras])
def test_a_cone_of_an_orthographic_camera_is_a_prism(kind):
    """Seen along z, a square mask leaves the cells of its columns."""
    mask = torch.zeros(1, 8, 16)
    mask[0, 2:6, 6:10] = 1.0
    cameras = kind(R=torch.eye(3)[None], T=torch.tensor([[0.0, 0.0, 5.0]]))
    hull = visual_hull(mask, cameras, 4, 2.0, margin=0.0).occupancy[0]
    expected = torch.zeros(4, 4, 4)
    expected[1:3, 1:3] = 1.0
    assert torch.equal(hull, expected)


def test_beyond_a_picture_is_unknown_or_background():
    cameras = FoVPerspectiveCameras(R=torch.eye(3)[None], T=torch.tensor([[0.0, 0.0, 3.0]]), fov=20.0)
    mask = torch.ones(1, 10, 10)
    assert bool((visual_hull(mask, cameras, 8, 2.0).occupancy == 1).all())
    known = visual_hull(mask, cameras, 8, 2.0, margin=0.0, whole=True).occupancy[0]
    assert bool((known[0] == 0).all())
    assert bool((known[3:5, 3:5] == 1).all())


def test_masks_of_several_sizes_and_order():
    masks, cameras = seen(ring(), 4)
    small = [masks[0], masks[1, None], masks[2], masks[3]]
    expected = visual_hull(masks, cameras, 12, SIDE, CENTER)
    assert isinstance(expected, VoxelGrid)
    found = visual_hull([small[i] for i in (2, 0, 3, 1)], cameras[[2, 0, 3, 1]], 12, SIDE, CENTER)
    assert torch.equal(found.occupancy, expected.occupancy)
    halves = [masks[0], *torch.nn.functional.max_pool2d(masks[1:], 2)]
    coarse = visual_hull(halves, cameras, 12, SIDE, CENTER).occupancy
    assert bool((coarse > 0)[expected.occupancy > 0].all())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"masks": []}, "a mask for each of 1 cameras, not 0"),
        ({"side": 0.0}, "no box"),
        ({"resolution": 0}, "no box"),
        ({"margin": -1.0}, "no margin"),
        ({"whole": [True, False]}, "a mask for each"),
    ],
)
def test_refusals(change, said):
    with pytest.raises(ValueError, match=said):
        visual_hull(**({"masks": torch.ones(1, 4, 4), "cameras": FoVPerspectiveCameras()} | change))
