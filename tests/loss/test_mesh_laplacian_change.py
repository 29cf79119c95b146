"""Change of Laplacian coordinates against a dense Laplacian."""

import torch

from maquette.loss import mesh_laplacian_change_loss
from maquette.ops import laplacian
from maquette.structures import Meshes
from mesh_shapes import mixed_batch, random_mesh
from operator_contract import LossOfMeshes

ONE, TWO = ([[x] for x in random_mesh(verts, 12)] for verts in (9, 8))


class TestMeshLaplacianChangeLoss(LossOfMeshes):
    refused = {
        "same meshes": lambda: mesh_laplacian_change_loss(Meshes(*ONE), Meshes(*TWO)),
        "same faces": lambda: mesh_laplacian_change_loss(Meshes(*ONE), Meshes(ONE[0], [ONE[1][0][:5]])),
    }

    def of_meshes(self, meshes):
        return mesh_laplacian_change_loss(meshes, meshes.offset_verts(meshes.verts_packed() ** 2))


def test_matches_dense_laplacian_with_gradients_to_both():
    verts, faces = random_mesh(9, 12, torch.float64)
    moved = (verts + torch.randn_like(verts)).requires_grad_()
    verts.requires_grad_()
    before, after = Meshes([verts], [faces]), Meshes([moved], [faces])
    loss = mesh_laplacian_change_loss(before, after)
    matrix = laplacian(verts, before.edges_packed()).to_dense()
    expected = (matrix @ (moved - verts)).square().sum(1).mean()
    torch.testing.assert_close(loss, expected)
    for x in (verts, moved):
        grads = [torch.autograd.grad(value, x, retain_graph=True)[0] for value in (loss, expected)]
        torch.testing.assert_close(*grads)


def test_a_common_shift_costs_nothing():
    before = mixed_batch()
    joined = Meshes(before.verts_list()[:3:2], before.faces_list()[:3:2])
    shifted = joined.offset_verts(torch.tensor([1.0, 2.0, 3.0]))
    assert mesh_laplacian_change_loss(joined, shifted) < 1e-10
