"""Areas and normals of faces: golden values, gradients, errors."""

import pytest
import torch

from maquette.ops import mesh_face_areas_normals
from mesh_shapes import golden
from operator_contract import MeshContract

VERTS, FACES = torch.rand(3, 3), torch.tensor([[0, 1, 2]])


class TestMeshFaceAreasNormals(MeshContract):
    gradcheck_dtype = result_dtype = torch.float32
    known = {
        "right triangle": lambda: (
            mesh_face_areas_normals(torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 3, 0]]), FACES),
            (torch.tensor([3.0]), torch.tensor([[0.0, 0, 1]])),
        )
    }
    refused = {
        "need to be of shape": lambda: mesh_face_areas_normals(VERTS[0], FACES),
        "verts need to be": lambda: mesh_face_areas_normals(VERTS[:, :2], FACES),
        "faces need to be": lambda: mesh_face_areas_normals(VERTS, FACES[0]),
        "need to be": lambda: mesh_face_areas_normals(VERTS, FACES[:, :2]),
        "int64": lambda: mesh_face_areas_normals(VERTS, FACES.int()),
    }

    def of_meshes(self, meshes):
        return mesh_face_areas_normals(meshes.verts_packed(), meshes.faces_packed())

    def shapes(self, batch):
        faces = sum([4, 9, 10][:batch])
        return [(faces,), (faces, 3)]


@pytest.mark.parametrize("mesh", ["mesh_ico2", "mesh_fox"])
def test_golden(mesh):
    data = golden(mesh)
    areas, normals = mesh_face_areas_normals(data["verts"], data["faces"])
    torch.testing.assert_close(areas, data["face_areas"], rtol=1e-5, atol=1e-8)
    torch.testing.assert_close(normals, data["face_normals"], rtol=1e-4, atol=1e-5)


def test_gradient_of_one_triangle():
    verts = torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 3, 0]], requires_grad=True)
    areas, normals = mesh_face_areas_normals(verts, torch.tensor([[0, 1, 2]]))
    assert areas.tolist() == [3.0]
    assert normals.tolist() == [[0.0, 0.0, 1.0]]
    areas.sum().backward()
    torch.testing.assert_close(verts.grad, torch.tensor([[-1.5, -1, 0], [1.5, 0, 0], [0, 1, 0]]))


def test_faces_with_repeated_corners_have_no_area():
    verts = torch.tensor([[0.0, 1e-4, 3.0], [0.1, 0.2, -0.3], [0.3, -1e-8, 0.7], [1e-30, 0.7, 100.0]])
    faces = torch.tensor([[0, 1, 1], [1, 0, 1], [1, 1, 0], [3, 2, 2], [2, 3, 2], [0, 0, 0]])
    areas, normals = mesh_face_areas_normals(verts, faces)
    assert areas.tolist() == [0.0] * 6
    assert normals.tolist() == [[0.0] * 3] * 6


def test_areas_are_exact_where_sides_almost_cancel():
    verts = torch.tensor([[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [1.0, 1.0 + 2**-20, 0.0]])
    areas, _ = mesh_face_areas_normals(verts, torch.tensor([[0, 1, 2]]))
    assert areas.tolist() == [2**-21]
