"""Camera placement and pictures of a mesh."""

import math

import pytest
import torch
from torch.testing import assert_close

from maquette.renderer import HardPhongShader, MeshRasterizer, RasterizationSettings, TexturesVertex
from maquette.renderer.views import (
    bounding_ball,
    cameras_from_r2n2,
    orbit_views,
    place_cameras,
    r2n2_views,
    render_views,
    sphere_views,
)
from maquette.structures import Meshes
from maquette.utils import ico_sphere

PLACEMENTS = {
    "sphere": lambda n: sphere_views(n, distance=3.0),
    "turned sphere": lambda n: sphere_views(n, distance=3.0, rotation_seed=1),
    "orbit": lambda n: orbit_views(n, distance=3.0, elevation=30.0),
}


@pytest.mark.parametrize("place", PLACEMENTS.values(), ids=PLACEMENTS)
@pytest.mark.parametrize("n", [1, 2, 20])
def test_cameras_stand_at_the_distance_and_look_at_the_origin(place, n):
    cameras = place(n)
    centers = cameras.get_camera_center()
    assert centers.shape == (n, 3)
    assert_close(centers.norm(dim=1), torch.full((n,), 3.0))
    seen = cameras.get_world_to_view_transform().transform_points(torch.zeros(1, 3)).reshape(n, 3)
    assert_close(seen, torch.tensor([[0.0, 0.0, 3.0]]).expand(n, 3), atol=1e-5, rtol=0)
    assert (cameras.R[:, 1, 1] >= -1e-6).all(), "the world's up points up in every picture"


def test_sphere_is_even():
    directions = sphere_views(200).get_camera_center() / 2.7
    assert directions.mean(dim=0).norm() < 0.01
    assert_close(directions.T @ directions / 200, torch.eye(3) / 3, atol=0.01, rtol=0)
    nearest = (torch.cdist(directions, directions) + 9 * torch.eye(200)).min(dim=1).values
    assert nearest.min() > 0.6 * nearest.max()


def test_turns_of_the_sphere_are_rotations_that_the_seed_decides():
    straight, turned, again, other = (sphere_views(20, rotation_seed=s) for s in (None, 1, 1, 2))
    a, b = straight.get_camera_center(), turned.get_camera_center()
    assert_close(torch.cdist(a, a), torch.cdist(b, b), atol=2e-4, rtol=0)
    assert (a - b).norm() > 1
    assert_close(b, again.get_camera_center(), atol=0, rtol=0)
    assert (b - other.get_camera_center()).norm() > 1


def test_placement_draws_nothing_from_the_global_generator():
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    sphere_views(3, rotation_seed=5)
    r2n2_views(3)
    assert_close(torch.rand(4), expected, atol=0, rtol=0)


def test_orbit_goes_round_from_the_front():
    centers = orbit_views(4, distance=2.0, elevation=0.0).get_camera_center()
    expected = 2 * torch.tensor([[0.0, 0, 1], [1, 0, 0], [0, 0, -1], [-1, 0, 0]])
    assert_close(centers, expected, atol=1e-6, rtol=0)


def test_r2n2_camera_follows_its_formulas():
    azimuth, elevation, ratio = 40.0, 27.0, 0.8
    cameras = cameras_from_r2n2(*(torch.tensor([x]) for x in (azimuth, elevation, ratio)))
    a, e = math.radians(azimuth), math.radians(elevation)
    eye = torch.tensor([math.cos(e) * math.cos(a), math.sin(e), math.cos(e) * math.sin(a)])
    distance = 1.75 * ratio
    z = eye
    x = torch.linalg.cross(torch.tensor([0.0, 1, 0]), z)
    x = x / x.norm()
    R = torch.stack([x, torch.linalg.cross(z, x), z])
    points = torch.tensor([[0.1, 0.2, -0.3], [-0.3, 0.1, 0.2]])
    X, Y, Z = (R @ (points - distance * eye).T).unbind()
    u, v = 137 / 2 * (1 + 2.1875 * X / -Z), 137 / 2 * (1 - 2.1875 * Y / -Z)
    screen = cameras.transform_points_screen(points, image_size=(137, 137)).reshape(-1, 3)[:, :2]
    assert_close(screen, torch.stack([u, v], dim=1), atol=1e-3, rtol=0)


def test_r2n2_views_are_drawn_from_the_published_ranges():
    centers = r2n2_views(300).get_camera_center().double()
    distance = centers.norm(dim=1)
    elevation = torch.rad2deg((centers[:, 1] / distance).asin())
    assert distance.min() + 1e-5 >= 1.75 * 0.65
    assert distance.max() < 1.75 * 0.95 + 1e-5
    assert elevation.min() > 25 - 1e-3
    assert elevation.max() < 30 + 1e-3
    azimuth = torch.atan2(centers[:, 2], centers[:, 0])
    assert torch.histc(azimuth, 4).min() > 40
    assert (r2n2_views(3, seed=1).R - r2n2_views(3, seed=2).R).abs().max() > 0.1


def test_placed_cameras_see_the_moved_object_as_the_others_saw_it_at_the_origin():
    cameras = sphere_views(5)
    center, scale = torch.tensor([10.0, -4.0, 7.0]), 25.0
    placed = place_cameras(cameras, center, scale)
    points = torch.randn(7, 3)
    expected = cameras.transform_points(points)
    assert_close(placed.transform_points(center + scale * points), expected, atol=1e-4, rtol=1e-4)


def test_bounding_ball():
    verts = torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 4, 0], [0, 0, 4]])
    center, radius = bounding_ball(Meshes([verts], [torch.tensor([[0, 1, 2], [0, 1, 3]])]))
    assert_close(center, torch.tensor([1.0, 2, 2]))
    assert radius == pytest.approx(3.0)


@pytest.fixture(scope="module")
def ball():
    mesh = ico_sphere(3)
    mesh.textures = TexturesVertex(mesh.verts_padded() * 0.5 + 0.5)
    return mesh


def test_pictures_masks_and_depth_of_a_ball(ball):
    views = render_views(ball, sphere_views(4), (64, 80))
    assert views.images.shape == (4, 3, 64, 80)
    assert views.masks.shape == views.depth.shape == (4, 64, 80)
    radius = 32 * math.tan(math.asin(1 / 2.7)) / math.tan(math.radians(30))
    assert_close(
        views.masks.sum(dim=(1, 2)).float(), torch.full((4,), math.pi * radius**2), rtol=0.03, atol=0
    )
    assert (views.images.permute(0, 2, 3, 1)[~views.masks] == 1).all()
    assert (views.depth[~views.masks] == 0).all()
    assert_close(views.depth[:, 32, 40], torch.full((4,), 1.7), atol=0.01, rtol=0)


def test_pictures_are_those_of_the_phong_shader_and_are_the_same_in_parts(ball, monkeypatch):
    cameras = sphere_views(5)
    whole = render_views(ball, cameras, 32)
    monkeypatch.setattr("maquette.renderer.views._PIXELS_AT_ONCE", 2100)
    parts = render_views(ball, cameras, 32)
    assert_close(whole.images, parts.images, atol=0, rtol=0)
    monkeypatch.setattr("maquette.renderer.views._FACES_AT_ONCE", 2 * len(ball.faces_packed()))
    assert_close(whole.images, render_views(ball, cameras, 32).images, atol=0, rtol=0)
    fragments = MeshRasterizer(cameras, RasterizationSettings(32))(ball.extend(5))
    flat = HardPhongShader(cameras=cameras)(fragments, ball.extend(5))
    assert torch.equal(flat[..., 3] > 0, whole.masks)
    assert_close(whole.depth[whole.masks], fragments.zbuf[..., 0][whole.masks])


def test_antialiased_pictures_are_means_and_leave_masks_alone(ball):
    cameras = orbit_views(2)
    rough, fine = render_views(ball, cameras, 32), render_views(ball, cameras, 32, antialias=4)
    assert torch.equal(rough.masks, fine.masks)
    assert torch.equal(rough.depth, fine.depth)
    large = render_views(ball, cameras, 128).images
    expected = large.reshape(2, 3, 32, 4, 32, 4).mean(dim=(3, 5))
    assert_close(fine.images, expected, atol=1e-6, rtol=0)


def test_a_mesh_without_colours_is_grey_and_lit_from_the_camera():
    images = render_views(ico_sphere(2), orbit_views(3), 24, background=0.0).images
    assert_close(images[:, 0], images[:, 1])
    assert (images[:, 0, 12, 12] > 0.5).all()
    assert (images[:, :, 0, 0] == 0).all()


def test_errors():
    with pytest.raises(ValueError, match="one mesh"):
        render_views(ico_sphere(1).extend(2), orbit_views(1), 8)
    with pytest.raises(ValueError, match="antialias"):
        render_views(ico_sphere(1), orbit_views(1), 8, antialias=0)
    with pytest.raises(ValueError, match="greater than 0"):
        render_views(ico_sphere(1), orbit_views(1), (8, 0))
