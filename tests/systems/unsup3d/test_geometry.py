"""Points, motions and normals, beyond what is compared with the official values."""

import math

import torch

from maquette.systems.unsup3d.geometry import (
    move,
    move_back,
    normals_of_depth,
    project,
    rotation,
    unproject,
)

FOV = 10.0


def some_view(count: int) -> torch.Tensor:
    return (torch.rand(count, 6, dtype=torch.float64) - 0.5) * torch.tensor([2, 2, 2, 0.1, 0.1, 0.1])


def test_what_is_moved_comes_back():
    points = unproject(0.9 + 0.2 * torch.rand(3, 8, 8, dtype=torch.float64), FOV)
    view = some_view(3)
    back = move_back(move(points, view, 1.0), view, 1.0)
    torch.testing.assert_close(back, points, rtol=0, atol=1e-14)


def test_pixels_are_projected_to_where_they_were_unprojected_from():
    places = project(unproject(0.9 + 0.2 * torch.rand(1, 9, 9, dtype=torch.float64), FOV), 9, FOV)
    grid = torch.linspace(-1, 1, 9, dtype=torch.float64)
    torch.testing.assert_close(places[0, 0, :, 0], grid)
    torch.testing.assert_close(places[0, :, 0, 1], grid)


def test_the_outermost_pixels_are_the_field_of_view_apart():
    row = unproject(torch.ones(1, 7, 7, dtype=torch.float64), FOV)[0, 3]
    cosine = torch.nn.functional.cosine_similarity(row[0], row[-1], dim=0)
    assert math.isclose(math.degrees(math.acos(cosine)), FOV, rel_tol=1e-9)


def test_rotations_are_rotations_in_the_order_x_y_z():
    angles = some_view(4)[:, :3]
    whole = rotation(angles)
    torch.testing.assert_close(whole @ whole.mT, torch.eye(3).double().expand(4, 3, 3))
    one = [rotation(angles * torch.eye(3, dtype=torch.float64)[axis]) for axis in range(3)]
    torch.testing.assert_close(whole, one[2] @ one[1] @ one[0])


def test_gradients_are_those_of_finite_differences():
    depth = (0.9 + 0.2 * torch.rand(1, 5, 5, dtype=torch.float64)).requires_grad_()
    view = some_view(1).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda d, v: project(move_back(unproject(d, FOV), v, 1.0), 5, FOV), (depth, view)
    )
    assert torch.autograd.gradcheck(lambda d: normals_of_depth(d, FOV), (depth,))


def test_a_wall_and_a_slope_have_the_normals_they_should():
    wall = normals_of_depth(torch.ones(1, 6, 6, dtype=torch.float64), FOV)
    torch.testing.assert_close(wall, torch.tensor([0.0, 0, 1]).double().expand(1, 6, 6, 3), atol=1e-2, rtol=0)
    points = unproject(torch.ones(1, 6, 6, dtype=torch.float64), FOV)
    normal = torch.nn.functional.normalize(torch.tensor([0.3, -0.2, 1.0]).double(), dim=0)
    plane = normal[2] / (points * normal).sum(-1)  # depth at which each ray meets the plane
    found = normals_of_depth(plane, FOV)[:, 1:-1, 1:-1]
    torch.testing.assert_close(found, normal.expand_as(found), atol=1e-3, rtol=0)


def test_where_there_is_no_normal_nothing_is_nan():
    for depth in (torch.zeros(1, 6, 6), torch.full((1, 6, 6), 1e-30)):
        depth = depth.requires_grad_()
        normals = normals_of_depth(depth, FOV)
        normals.sum().backward()
        assert normals.isfinite().all()
        assert depth.grad.isfinite().all()
