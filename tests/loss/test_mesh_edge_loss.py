"""Edge length regulariser against hand-made lengths."""

import torch

from maquette.loss import mesh_edge_loss
from maquette.structures import Meshes
from mesh_shapes import tetrahedron


def test_lengths_of_a_tetrahedron():
    meshes = Meshes(*[[x] for x in tetrahedron(torch.float64)])
    assert mesh_edge_loss(meshes).item() == (3 * 1 + 3 * 2) / 6
    expected = (3 * (1 - 0.5) ** 2 + 3 * (2**0.5 - 0.5) ** 2) / 6
    assert abs(mesh_edge_loss(meshes, 0.5).item() - expected) < 1e-12


def test_edges_of_target_length_cost_nothing():
    verts = torch.tensor([[0.0, 0, 0], [1, 0, 0], [0.5, 0.75**0.5, 0]], dtype=torch.float64)
    assert mesh_edge_loss(Meshes([verts], [torch.tensor([[0, 1, 2]])]), 1.0) < 1e-30
