"""Edge length regulariser against hand-made lengths."""

import torch

from maquette.loss import mesh_edge_loss
from maquette.structures import Meshes
from mesh_shapes import tetrahedron
from operator_contract import LossOfMeshes

TETRAHEDRON = Meshes(*[[x] for x in tetrahedron(torch.float64)])


class TestMeshEdgeLoss(LossOfMeshes):
    known = {
        "lengths 1 and root 2": lambda: (mesh_edge_loss(TETRAHEDRON), 1.5),
        "target length": lambda: (mesh_edge_loss(TETRAHEDRON, 0.5), (0.5**2 + (2**0.5 - 0.5) ** 2) / 2),
    }

    def of_meshes(self, meshes):
        return mesh_edge_loss(meshes), mesh_edge_loss(meshes, 0.3)

    def shapes(self, batch):
        return [(), ()]


def test_lengths_of_a_tetrahedron_are_exact():
    assert mesh_edge_loss(TETRAHEDRON).item() == 1.5


def test_edges_of_target_length_cost_nothing():
    verts = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0.5, 0.75**0.5, 0]], dtype=torch.float64)
    assert mesh_edge_loss(Meshes([verts], [torch.tensor([[0, 1, 2]])]), 1.0) < 1e-30
