"""Areas, normals, Laplacian and boxes of `Meshes`."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.structures import Meshes, join_meshes_as_batch
from maquette.structures.meshes.normals import face_areas_normals, vert_normals
from maquette.utils import ico_sphere

GOLDEN = Path(__file__).parents[1] / "golden"
TETRAHEDRON = torch.tensor([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])


def tetrahedra(count=1, dtype=torch.float64):
    verts = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=dtype)
    return Meshes([verts * (i + 1) for i in range(count)], [TETRAHEDRON] * count)


def test_areas_and_normals_of_a_tetrahedron():
    meshes = tetrahedra(2)
    slanted = 3**0.5 / 2
    expected = torch.tensor([0.5, 0.5, 0.5, slanted], dtype=torch.float64)
    torch.testing.assert_close(meshes.faces_areas_packed(), torch.cat([expected, 4 * expected]))
    normals = torch.tensor([[0, 0, -1], [0, -1, 0], [-1, 0, 0], [3**-0.5] * 3], dtype=torch.float64)
    torch.testing.assert_close(meshes.faces_normals_packed(), normals.repeat(2, 1))
    corner = torch.tensor([-(3**-0.5)] * 3, dtype=torch.float64)
    torch.testing.assert_close(meshes.verts_normals_list()[1][0], corner)
    assert meshes.faces_normals_padded().shape == meshes.verts_normals_padded().shape == (2, 4, 3)


@pytest.mark.parametrize("name", ["mesh_fox.npz", "mesh_ico2.npz"])
def test_stored_reference(name):
    stored = np.load(GOLDEN / name)
    meshes = Meshes([torch.from_numpy(stored["verts"])], [torch.from_numpy(stored["faces"])])
    assert np.array_equal(meshes.edges_packed().numpy(), stored["edges"])
    assert np.allclose(meshes.faces_areas_packed().numpy(), stored["face_areas"], rtol=1e-5, atol=1e-8)
    solid = stored["face_areas"] > 1e-6
    assert np.allclose(meshes.faces_normals_packed().numpy()[solid], stored["face_normals"][solid], atol=1e-4)
    assert np.allclose(meshes.verts_normals_packed().numpy(), stored["vert_normals"], atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(-5, 5), st.floats(0.1, 10))
def test_normals_turn_and_areas_scale_with_the_mesh(seed, angle, factor):
    generator = torch.Generator().manual_seed(seed)
    verts = torch.rand(6, 3, dtype=torch.float64, generator=generator)
    faces = torch.stack([torch.randperm(6, generator=generator)[:3] for _ in range(8)])
    turn = torch.linalg.matrix_exp(
        angle * torch.tensor([[0, -1, 0.5], [1, 0, -2], [-0.5, 2, 0]], dtype=torch.float64)
    )
    areas, normals = face_areas_normals(verts, faces)
    new_areas, new_normals = face_areas_normals(factor * verts @ turn.T + 3, faces)
    torch.testing.assert_close(new_areas, factor**2 * areas)
    solid = areas > 1e-4
    torch.testing.assert_close(new_normals[solid], (normals @ turn.T)[solid])


def test_gradients_against_differences():
    verts = torch.rand(5, 3, dtype=torch.float64, requires_grad=True)
    faces = torch.tensor([[0, 1, 2], [2, 3, 4], [0, 3, 1]])
    assert torch.autograd.gradcheck(lambda v: face_areas_normals(v, faces), verts)
    assert torch.autograd.gradcheck(lambda v: vert_normals(v, faces), verts)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([0.0, 1.0, 1e-12, -1e-20, 1e4]), min_size=12, max_size=12))
def test_degenerate_faces_have_finite_values_and_gradients(numbers):
    verts = torch.tensor(numbers).view(4, 3).requires_grad_()
    meshes = Meshes([verts], [torch.tensor([[0, 1, 2], [1, 1, 1], [0, 2, 3], [3, 3, 0]])])
    values = [meshes.faces_areas_packed(), meshes.faces_normals_packed(), meshes.verts_normals_packed()]
    sum(value.sum() for value in values).backward()
    assert all(value.isfinite().all() for value in (*values, verts.grad))


def test_flat_face_has_no_normal():
    meshes = Meshes([torch.zeros(3, 3)], [torch.tensor([[0, 1, 2]])])
    assert meshes.faces_areas_packed().tolist() == [0]
    assert meshes.faces_normals_packed().eq(0).all()
    assert meshes.verts_normals_packed().eq(0).all()


def test_laplacian_against_a_dense_one():
    meshes = Meshes([torch.rand(5, 3), torch.rand(3, 3)], [TETRAHEDRON, torch.tensor([[0, 1, 2]])])
    adjacency = torch.zeros(8, 8)
    for a, b in meshes.edges_packed().tolist():
        adjacency[a, b] = adjacency[b, a] = 1
    degree = adjacency.sum(1, keepdim=True)
    expected = adjacency / degree.clamp_min(1) - torch.eye(8)
    torch.testing.assert_close(meshes.laplacian_packed().to_dense(), expected)
    rows = meshes.laplacian_packed().to_dense().sum(1)
    torch.testing.assert_close(rows, torch.tensor([0.0, 0, 0, 0, -1, 0, 0, 0]))


def test_given_vertex_normals():
    normals = [torch.rand(4, 3), torch.rand(3, 3)]
    verts, faces = [torch.rand(4, 3), torch.rand(3, 3)], [TETRAHEDRON, torch.tensor([[0, 1, 2]])]
    meshes = Meshes(verts, faces, verts_normals=normals)
    assert meshes.has_verts_normals()
    assert torch.equal(meshes.verts_normals_packed(), torch.cat(normals))
    padded = Meshes(torch.rand(2, 4, 3), TETRAHEDRON.expand(2, 4, 3), verts_normals=torch.rand(2, 4, 3))
    assert padded.verts_normals_padded().shape == (2, 4, 3)
    assert not Meshes(verts, faces).has_verts_normals()
    for wrong in ([normals[0]], normals[::-1], torch.rand(2, 4), torch.rand(3, 4, 3)):
        with pytest.raises(ValueError, match="normals"):
            Meshes(verts, faces, verts_normals=wrong)


def test_bounding_boxes():
    boxes = tetrahedra(2).get_bounding_boxes()
    assert boxes.tolist() == [[[0, 1]] * 3, [[0, 2]] * 3]


def test_copies_have_the_normals_of_their_vertices() -> None:
    batch = join_meshes_as_batch([ico_sphere(0), ico_sphere(1)]).extend(3)
    moved = batch.offset_verts(0.1 * torch.randn_like(batch.verts_packed()))
    for meshes in (batch, moved):
        expected = Meshes(meshes.verts_list(), meshes.faces_list()).verts_normals_packed()
        torch.testing.assert_close(meshes.verts_normals_packed(), expected)
