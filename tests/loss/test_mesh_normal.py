"""Pixel2Mesh's normal loss against a loop over vertices and neighbours."""

import pytest
import torch

from maquette.loss import mesh_normal_loss
from maquette.structures import Meshes
from mesh_shapes import random_mesh, tetrahedron
from operator_contract import LossOfMeshes


class TestMeshNormalLoss(LossOfMeshes):
    def of_meshes(self, meshes):
        target = torch.randn(8, 3, generator=torch.Generator().manual_seed(4)).to(meshes.verts_packed())
        target = target.expand(len(meshes), 8, 3)
        return mesh_normal_loss(meshes, target, target.roll(1, 1)), mesh_normal_loss(
            meshes, target, target, unit_edges=True
        )

    def shapes(self, batch):
        return [(), ()]


def twin(meshes, points, normals, unit):
    totals = []
    for n, verts in enumerate(meshes.verts_list()):
        first = int(meshes.mesh_to_verts_packed_first_idx()[n])
        of_mesh = meshes.edges_packed_to_mesh_idx() == n
        values = []
        for a, b in (meshes.edges_packed()[of_mesh] - first).tolist():
            for p, k in ((a, b), (b, a)):
                q = int((points[n] - verts[p]).square().sum(1).argmin())
                edge = verts[p] - verts[k]
                edge = edge / edge.norm() if unit else edge
                values.append((edge @ normals[n, q]) ** 2)
        totals.append(torch.stack(values).mean())
    return torch.stack(totals).mean()


@pytest.mark.parametrize("unit", [False, True])
def test_matches_a_loop_on_a_heterogeneous_batch(unit):
    verts, faces = zip(tetrahedron(), random_mesh(9, 12), strict=True)
    leaves = [v.requires_grad_() for v in verts]
    meshes = Meshes(leaves, list(faces))
    points = torch.randn(2, 20, 3)
    normals = torch.nn.functional.normalize(torch.randn(2, 20, 3), dim=2).requires_grad_()
    losses = [mesh_normal_loss(meshes, points, normals, unit_edges=unit), twin(meshes, points, normals, unit)]
    torch.testing.assert_close(*losses)
    for leaf in (*leaves, normals):
        grads = [torch.autograd.grad(loss, leaf, retain_graph=True)[0] for loss in losses]
        torch.testing.assert_close(*grads, rtol=1e-4, atol=1e-6)


def test_edges_in_the_tangent_plane_cost_nothing():
    verts = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    meshes = Meshes([verts], [torch.tensor([[0, 1, 2]])])
    normals = torch.tensor([[[0.0, 0, 1]]])
    assert mesh_normal_loss(meshes, torch.zeros(1, 1, 3), normals) == 0


def test_padding_of_the_target_is_not_looked_at():
    meshes = Meshes(*[[x] for x in tetrahedron()])
    points = torch.cat([torch.full((1, 1, 3), 9.0), torch.zeros(1, 1, 3)], 1)
    normals = torch.eye(3)[None, :2]
    with_padding = mesh_normal_loss(meshes, points, normals, target_lengths=torch.tensor([1]))
    torch.testing.assert_close(with_padding, mesh_normal_loss(meshes, points[:, :1], normals[:, :1]))


def test_edges_of_length_zero_have_finite_gradients():
    verts = torch.zeros(3, 3, requires_grad=True)
    meshes = Meshes([verts], [torch.tensor([[0, 1, 2]])])
    mesh_normal_loss(meshes, torch.rand(1, 4, 3), torch.rand(1, 4, 3), unit_edges=True).backward()
    assert verts.grad.isfinite().all()
