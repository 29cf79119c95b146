"""Smooth shapes as they are drawn: depth at the middles of pixels, shading, culling, the same bits anywhere."""

from dataclasses import replace

import pytest
import torch

from maquette.kernels.draw_smooth import SmoothShapes, draw_smooth
from maquette.utils import ico_sphere

SIZE = 32
FOCAL = 40.0


def shapes_of(verts: torch.Tensor, faces: torch.Tensor, normals: torch.Tensor) -> SmoothShapes:
    """Grey shapes before a black background, lit from the right and the camera's side."""
    count = len(verts)
    return SmoothShapes(
        verts=verts,
        normals=normals,
        colours=torch.full_like(verts, 0.5),
        faces=faces.int(),
        window=torch.tensor([FOCAL, FOCAL, SIZE / 2, SIZE / 2]).repeat(count, 1),
        light=torch.tensor([0.6, 0.0, 0.8, 0.5]).repeat(count, 1),
        ambient=torch.full((count,), 0.25),
        kind=torch.zeros(count, dtype=torch.int32),
        behind=torch.zeros(count, 2, 3),
        pattern=torch.zeros(count, 4),
        grain=torch.zeros(count, dtype=torch.int32),
    )


@pytest.fixture
def plane() -> SmoothShapes:
    """z = 0.3 x - 0.1, over the whole picture."""
    x, y = torch.tensor([-3.0, 3, 3, -3]), torch.tensor([-3.0, -3, 3, 3])
    verts = torch.stack([x / 3, y, 0.1 * x - 0.1], dim=1)[None]
    normal = torch.tensor([-0.3, 0, 1]) / torch.tensor(1.09).sqrt()
    return shapes_of(verts, torch.tensor([[0, 1, 2], [0, 2, 3]]), normal.repeat(1, 4, 1))


@pytest.fixture
def spheres() -> SmoothShapes:
    sphere = ico_sphere(3)
    ball = sphere.verts_packed()
    verts = torch.stack([0.3 * ball, 0.2 * ball + torch.tensor([0.1, 0.05, 0.2])])
    return shapes_of(verts, sphere.faces_packed(), ball.repeat(2, 1, 1))


def test_depth_is_that_at_the_middle_of_a_pixel(plane) -> None:
    drawn = draw_smooth(plane, SIZE)
    ray = (torch.arange(SIZE) + 0.5 - SIZE / 2) / FOCAL
    expected = 1.1 / (1 + 0.3 * ray)  # z = 1 - depth, x = ray depth
    torch.testing.assert_close(drawn.depth[0], expected.expand(SIZE, SIZE), rtol=2e-4, atol=0)
    assert drawn.alpha.min() == 1


def test_a_plane_is_shaded_by_lambert(plane) -> None:
    drawn = draw_smooth(plane, SIZE)
    normal = plane.normals[0, 0]
    strength = 0.25 + 0.5 * (0.6 * normal[0] + 0.8 * normal[2])
    torch.testing.assert_close(drawn.images, torch.full_like(drawn.images, float(0.5 * strength)))
    torch.testing.assert_close(drawn.normals, normal[None, :, None, None].expand_as(drawn.normals))


def test_faces_that_look_away_are_not_drawn(plane) -> None:
    drawn = draw_smooth(replace(plane, faces=plane.faces.flip(1)), SIZE)
    assert drawn.alpha.max() == 0
    assert drawn.depth.max() == 0


def test_a_sphere_has_its_own_depth_and_normals(spheres) -> None:
    drawn = draw_smooth(spheres, SIZE)
    inside = drawn.alpha[0] == 1
    places = (torch.arange(SIZE) + 0.5 - SIZE / 2) / FOCAL
    x, y = places[None] * drawn.depth[0], -places[:, None] * drawn.depth[0]
    at = torch.stack([x, y, 1 - drawn.depth[0]])
    assert (at.norm(dim=0)[inside] - 0.3).abs().max() < 0.01
    away = (at / 0.3 * drawn.normals[0]).sum(0)[inside]
    assert away.min() > 0.99


def test_the_background_fills_what_the_shape_leaves(spheres) -> None:
    white = draw_smooth(replace(spheres, behind=torch.ones(2, 2, 3)), SIZE)
    black = draw_smooth(spheres, SIZE)
    torch.testing.assert_close(
        white.images - black.images, (1 - white.alpha)[:, None].expand(2, 3, SIZE, SIZE)
    )


def test_a_picture_has_the_same_bits_alone_and_on_any_number_of_threads(spheres) -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = [draw_smooth(spheres[i : i + 1], SIZE) for i in range(2)]
        torch.set_num_threads(2)
        together = draw_smooth(spheres, SIZE)
    finally:
        torch.set_num_threads(threads)
    for name in ("images", "alpha", "depth", "normals", "albedo"):
        assert torch.equal(torch.cat([getattr(one, name) for one in alone]), getattr(together, name))


def test_no_pictures_are_drawn_of_no_shapes(spheres) -> None:
    assert draw_smooth(spheres[:0], SIZE).images.shape == (0, 3, SIZE, SIZE)
