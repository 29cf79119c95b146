"""Areas and normals of faces: golden values, gradients, errors."""

import pytest
import torch

from maquette.ops import mesh_face_areas_normals
from mesh_shapes import golden


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


def test_gradient_without_area_is_finite():
    verts = torch.zeros(3, 3, requires_grad=True)
    areas, normals = mesh_face_areas_normals(verts, torch.tensor([[0, 1, 2]]))
    (areas.sum() + normals.sum()).backward()
    assert verts.grad.isfinite().all()


def test_errors():
    verts, faces = torch.rand(3, 3), torch.tensor([[0, 1, 2]])
    for bad in ((verts[0], faces), (verts[:, :2], faces), (verts, faces[0]), (verts, faces[:, :2])):
        with pytest.raises(ValueError, match="need to be of shape"):
            mesh_face_areas_normals(*bad)
    with pytest.raises(ValueError, match="int64"):
        mesh_face_areas_normals(verts, faces.int())
