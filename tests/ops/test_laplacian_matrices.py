"""Laplacian matrices against dense loops."""

import pytest
import torch

from maquette.ops import cot_laplacian, laplacian, norm_laplacian
from maquette.structures import Meshes
from mesh_shapes import random_mesh, tetrahedron


@pytest.fixture
def soup():
    torch.manual_seed(1)
    verts, faces = random_mesh(10, 18, torch.float64)
    return verts, faces, Meshes([verts], [faces]).edges_packed()


def test_uniform(soup):
    verts, _, edges = soup
    expected = torch.zeros(10, 10, dtype=torch.float64)
    expected[edges[:, 0], edges[:, 1]] = expected[edges[:, 1], edges[:, 0]] = 1
    expected = expected / expected.sum(1, keepdim=True).clamp(min=1) - torch.eye(10, dtype=torch.float64)
    torch.testing.assert_close(laplacian(verts, edges).to_dense(), expected)


def test_cotangents_by_angles(soup):
    verts, faces, _ = soup
    expected, areas = torch.zeros(10, 10, dtype=torch.float64), torch.zeros(10, 1, dtype=torch.float64)
    for face in faces:
        for i, j, k in (face, face[[1, 2, 0]], face[[2, 0, 1]]):
            u, v = verts[i] - verts[k], verts[j] - verts[k]
            doubled = torch.linalg.cross(u, v).norm()
            expected[i, j] += (u @ v) / doubled
            expected[j, i] += (u @ v) / doubled
            areas[k] += doubled / 2
    matrix, inverse_areas = cot_laplacian(verts, faces)
    torch.testing.assert_close(matrix.to_dense(), expected, rtol=1e-6, atol=1e-9)
    used = areas > 0
    torch.testing.assert_close(inverse_areas[used], 1 / areas[used], rtol=1e-6, atol=0)
    assert (inverse_areas[~used] == 0).all()


def test_inverse_lengths(soup):
    verts, _, edges = soup
    matrix = norm_laplacian(verts, edges).to_dense()
    expected = torch.zeros(10, 10, dtype=torch.float64)
    for a, b in edges.tolist():
        expected[a, b] = expected[b, a] = 1 / (verts[a] - verts[b]).norm()
    torch.testing.assert_close(matrix, expected)


def test_gradients(soup):
    verts, faces, edges = soup
    leaf = verts.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda v: norm_laplacian(v, edges).to_dense(), leaf)
    verts, faces = tetrahedron(torch.float64)
    both = lambda v: tuple(x.to_dense() for x in cot_laplacian(v, faces))  # noqa: E731
    assert torch.autograd.gradcheck(both, verts.requires_grad_())


def test_gradients_of_degenerate_faces_are_finite():
    verts = torch.tensor([[0.0, 0, 0], [0, 0, 0], [1, 0, 0], [2, 0, 0]], requires_grad=True)
    faces = torch.tensor([[0, 1, 2], [0, 2, 3]])
    matrix, inverse_areas = cot_laplacian(verts, faces)
    (matrix.to_dense().sum() + inverse_areas.sum()).backward()
    assert verts.grad.isfinite().all()
