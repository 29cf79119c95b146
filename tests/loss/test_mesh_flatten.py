"""Flatten loss against its formula with dihedral angles."""

import math

import torch

from maquette.loss import mesh_flatten_loss
from maquette.structures import Meshes
from mesh_shapes import hinge, tetrahedron
from operator_contract import LossOfMeshes


def by_perpendiculars():
    """Flatten loss of a tetrahedron, edge by edge."""
    verts, _ = tetrahedron(torch.float64)
    total = 0.0
    for a, b, c, d in [(0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2), (1, 2, 0, 3), (1, 3, 0, 2), (2, 3, 0, 1)]:
        along = torch.nn.functional.normalize(verts[b] - verts[a], dim=0)
        arms = [verts[k] - verts[a] for k in (c, d)]
        arms = [arm - (arm @ along) * along for arm in arms]
        total += (torch.cosine_similarity(*arms, dim=0) + 1) ** 2
    return total


def bent(degrees):
    dihedral = math.radians(180 - degrees)
    return lambda: (mesh_flatten_loss(hinge(degrees)), (math.cos(dihedral) + 1) ** 2)


class TestMeshFlattenLoss(LossOfMeshes):
    known = {f"hinge of {degrees} degrees": bent(degrees) for degrees in (0.0, 30.0, 90.0, 170.0)} | {
        "tetrahedron": lambda: (
            mesh_flatten_loss(Meshes(*[[x] for x in tetrahedron(torch.float64)])),
            by_perpendiculars(),
        )
    }

    def of_meshes(self, meshes):
        return mesh_flatten_loss(meshes)
