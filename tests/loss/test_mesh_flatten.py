"""Flatten loss against its formula with dihedral angles."""

import math

import pytest
import torch

from maquette.loss import mesh_flatten_loss
from maquette.structures import Meshes
from mesh_shapes import hinge, tetrahedron


@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 170.0])
def test_hinge(degrees):
    dihedral = math.radians(180 - degrees)
    assert abs(mesh_flatten_loss(hinge(degrees)).item() - (math.cos(dihedral) + 1) ** 2) < 1e-12


def test_tetrahedron_by_perpendiculars_to_its_edges():
    verts, faces = tetrahedron(torch.float64)
    total = 0.0
    for a, b, c, d in [(0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2), (1, 2, 0, 3), (1, 3, 0, 2), (2, 3, 0, 1)]:
        along = torch.nn.functional.normalize(verts[b] - verts[a], dim=0)
        arms = [verts[k] - verts[a] for k in (c, d)]
        arms = [arm - (arm @ along) * along for arm in arms]
        total += (torch.cosine_similarity(*arms, dim=0) + 1) ** 2
    torch.testing.assert_close(mesh_flatten_loss(Meshes([verts], [faces])), total)
