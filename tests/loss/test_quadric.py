"""Quadric loss: the properties that define it."""

import pytest
import torch

from maquette.loss import quadric_loss, vertex_quadrics
from maquette.structures import Meshes
from maquette.transforms import random_rotation
from mesh_shapes import golden_mesh, mixed_batch, random_mesh, tetrahedron
from operator_contract import LossContract


class TestQuadricLoss(LossContract):
    fast_gradcheck = True
    degenerate = {
        "no points": lambda: (torch.zeros(2, 0, 3), torch.zeros(2, 5, 3), torch.zeros(2, 5, 4, 4)),
        "one place": lambda: (torch.zeros(2, 3, 3), torch.zeros(2, 5, 3), torch.zeros(2, 5, 4, 4)),
    }

    def arguments(self, batch, dtype):
        return (
            torch.randn(batch, 6, 3, dtype=dtype),
            torch.randn(batch, 5, 3, dtype=dtype),
            torch.randn(batch, 5, 4, 4, dtype=dtype),
        )

    def call(self, points, target, quadrics):
        return quadric_loss(points, target, quadrics + quadrics.mT)


@pytest.fixture
def target():
    verts, faces = golden_mesh("mesh_fox", torch.float64)
    return Meshes([verts.detach()], [faces])


def evaluate(target, points):
    return quadric_loss(points[None], target.verts_padded(), vertex_quadrics(target))


def brute_force(verts, faces, points):
    """Sum over target vertices and their faces of squared distances of the nearest point to the plane."""
    total = points.new_zeros(())
    for t, vertex in enumerate(verts):
        s = points[(points - vertex).square().sum(1).argmin()]
        for face in faces[(faces == t).any(1)]:
            a, b, c = verts[face]
            normal = torch.linalg.cross(b - a, c - a)
            if normal.norm() > 0:
                total = total + ((s - a) @ (normal / normal.norm())) ** 2
    return total


def test_equals_squared_plane_distances(target):
    verts, faces = random_mesh(12, 20, torch.float64)
    points = torch.randn(30, 3, dtype=torch.float64)
    meshes = Meshes([verts], [faces])
    torch.testing.assert_close(evaluate(meshes, points), brute_force(verts, faces, points))


def test_gradient_goes_to_the_nearest_points_only():
    verts, faces = tetrahedron(torch.float64)
    points = torch.cat([verts + 0.1, torch.full((1, 3), 9.0, dtype=torch.float64)]).requires_grad_()
    loss, expected = evaluate(Meshes([verts], [faces]), points), brute_force(verts, faces, points)
    grad, grad_expected = (torch.autograd.grad(x, points)[0] for x in (loss, expected))
    torch.testing.assert_close(grad, grad_expected)
    assert torch.equal(grad[-1], torch.zeros(3, dtype=torch.float64))


def test_unchanged_by_a_rigid_motion_of_both(target):
    points = torch.randn(200, 3, dtype=torch.float64)
    rotation, shift = random_rotation(torch.float64), torch.randn(3, dtype=torch.float64)
    moved = Meshes([target.verts_packed() @ rotation + shift], target.faces_list())
    torch.testing.assert_close(evaluate(moved, points @ rotation + shift), evaluate(target, points))


def test_grows_with_the_square_of_a_common_scale(target):
    points = torch.randn(200, 3, dtype=torch.float64)
    scaled = target.scale_verts(3.0)
    torch.testing.assert_close(evaluate(scaled, points * 3.0), evaluate(target, points) * 9.0)


def test_zero_on_the_vertices_themselves(target):
    assert evaluate(target, target.verts_packed()).abs() < 1e-10


def test_quadrics_are_symmetric_and_positive_semi_definite(target):
    quadrics = vertex_quadrics(target)[0]
    assert torch.equal(quadrics, quadrics.transpose(1, 2))
    assert torch.linalg.eigvalsh(quadrics).min() > -1e-10


def test_degenerate_faces_add_nothing():
    verts, faces = tetrahedron(torch.float64)
    more = torch.cat([faces, torch.tensor([[0, 0, 1], [2, 2, 2]])])
    assert torch.equal(vertex_quadrics(Meshes([verts], [more])), vertex_quadrics(Meshes([verts], [faces])))


def test_value_of_the_unit_sphere_against_the_normalised_fox():
    # Built from normalised coordinates, as it must be; raw ones give 1.6e6.
    verts, faces = golden_mesh("mesh_fox")
    sphere = golden_mesh("mesh_ico2")[0].detach()
    fox = Meshes([verts.detach()], [faces])
    origin = vertex_quadrics(fox)[..., 3, 3].sum()
    assert 125 < origin < 135
    assert 100 < evaluate(fox, torch.nn.functional.normalize(sphere, dim=1)) < 220


def test_heterogeneous_batch_is_the_mean_over_its_items():
    meshes = mixed_batch(torch.float64)
    points = torch.randn(4, 40, 3, dtype=torch.float64)
    lengths = torch.tensor([40, 10, 25, 40])
    counts = torch.tensor([4, 0, 12, 4])
    together = quadric_loss(points, meshes.verts_padded(), vertex_quadrics(meshes), lengths, counts)
    alone = [
        brute_force(verts, faces, points[n, : lengths[n]])
        for n, (verts, faces) in enumerate(zip(meshes.verts_list(), meshes.faces_list(), strict=True))
    ]
    torch.testing.assert_close(together, torch.stack(alone).mean())


def test_nothing_to_compare():
    points = torch.zeros(2, 0, 3, requires_grad=True)
    quadric_loss(points, torch.zeros(2, 5, 3), torch.zeros(2, 5, 4, 4)).backward()
    assert quadric_loss(points, torch.zeros(2, 5, 3), torch.zeros(2, 5, 4, 4)) == 0
