"""Laplacian matrices against dense loops."""

import pytest
import torch

from maquette.ops import cot_laplacian, laplacian, norm_laplacian
from maquette.structures import Meshes
from mesh_shapes import random_mesh
from operator_contract import MeshContract


class TestLaplacians(MeshContract):
    def of_meshes(self, meshes):
        verts, edges = meshes.verts_packed(), meshes.edges_packed()
        cotangents, inverse_areas = cot_laplacian(verts, meshes.faces_packed())
        matrices = (laplacian(verts, edges), norm_laplacian(verts, edges), cotangents)
        return *(_diagonal_blocks(matrix.to_dense(), meshes) for matrix in matrices), inverse_areas

    def shapes(self, batch):
        sizes = [4, 6, 7][:batch]
        return [(sum(n * n for n in sizes),)] * 3 + [(sum(sizes), 1)]


def _diagonal_blocks(matrix, meshes):
    """What a matrix says of each mesh, flat; between meshes there is nothing."""
    owner = meshes.verts_packed_to_mesh_idx()
    same = owner[:, None] == owner
    assert not matrix[~same].any()
    return matrix[same]


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
