"""Laplacian smoothing against dense matrices and known curvature."""

import pytest
import torch

from maquette.loss import mesh_laplacian_smoothing
from maquette.ops import cot_laplacian, laplacian
from maquette.structures import Meshes
from mesh_shapes import golden_mesh, random_mesh, tetrahedron
from operator_contract import LossOfMeshes

TETRAHEDRON = Meshes(*[[x] for x in tetrahedron(torch.float64)])


class TestUniformSmoothing(LossOfMeshes):
    known = {
        "tetrahedron": lambda: (
            mesh_laplacian_smoothing(TETRAHEDRON),
            ((3 * (1 / 3) ** 2) ** 0.5 + 3 * (1 + 2 / 9) ** 0.5) / 4,
        )
    }
    refused = {"uniform, cot, cotcurv": lambda: mesh_laplacian_smoothing(TETRAHEDRON, "other")}

    def of_meshes(self, meshes):
        return mesh_laplacian_smoothing(meshes)


class TestCotangentSmoothing(LossOfMeshes):
    gradcheck_dtype = None  # the weights are taken as constants

    def of_meshes(self, meshes):
        return mesh_laplacian_smoothing(meshes, "cot"), mesh_laplacian_smoothing(meshes, "cotcurv")

    def shapes(self, batch):
        return [(), ()]


def dense(meshes, method):
    verts, faces = meshes.verts_packed(), meshes.faces_packed()
    if method == "uniform":
        return (laplacian(verts, meshes.edges_packed()).to_dense() @ verts).norm(dim=1).mean()
    matrix, inverse_areas = cot_laplacian(verts, faces)
    weights = matrix.to_dense().detach()
    total = weights.sum(1, keepdim=True)
    if method == "cot":
        scale = torch.where(total > 0, 1 / total, total)
        return ((weights @ verts) * scale - verts).norm(dim=1).mean()
    return ((weights @ verts - total * verts) * 0.25 * inverse_areas.detach()).norm(dim=1).mean()


@pytest.mark.parametrize("method", ["uniform", "cot", "cotcurv"])
@pytest.mark.parametrize("soup", [False, True])
def test_values_and_gradients_match_dense_matrices(method, soup):
    verts, faces = random_mesh(9, 16, torch.float64) if soup else golden_mesh("mesh_ico2", torch.float64)
    verts = verts.detach().requires_grad_()
    meshes = Meshes([verts], [faces])
    ours, theirs = mesh_laplacian_smoothing(meshes, method), dense(meshes, method)
    grad, expected = (torch.autograd.grad(loss, verts)[0] for loss in (ours, theirs))
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(grad, expected)


def test_curvature_of_a_sphere_is_a_third():
    # Mean curvature 1, and the areas around a vertex are not divided among the three corners of a face.
    verts, faces = golden_mesh("mesh_ico2")
    loss = mesh_laplacian_smoothing(Meshes([verts], [faces]), "cotcurv")
    assert abs(loss.item() - 1 / 3) < 1e-3
