"""Depth maps as points, and their normals, beyond what is compared with the official values of Unsup3D."""

import math

import torch

from maquette.ops.depth_maps import normals_of_depth, unproject

FOV = 10.0


def test_gradients_are_those_of_finite_differences():
    depth = (0.9 + 0.2 * torch.rand(1, 5, 5, dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(lambda d: unproject(d, FOV), (depth,))
    assert torch.autograd.gradcheck(lambda d: normals_of_depth(d, FOV), (depth,))


def test_the_outermost_pixels_are_the_field_of_view_apart():
    row = unproject(torch.ones(1, 7, 7, dtype=torch.float64), FOV)[0, 3]
    cosine = torch.nn.functional.cosine_similarity(row[0], row[-1], dim=0)
    assert math.isclose(math.degrees(math.acos(cosine)), FOV, rel_tol=1e-9)


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
