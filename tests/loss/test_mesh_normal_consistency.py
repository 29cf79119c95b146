"""Normal consistency against hinges of known angle and a plain double loop."""

import math
from itertools import combinations

import torch

from maquette.loss import mesh_normal_consistency
from maquette.structures import Meshes
from mesh_shapes import hinge, random_mesh
from operator_contract import LossOfMeshes


def bent(degrees):
    return lambda: (mesh_normal_consistency(hinge(degrees)), 1 - math.cos(math.radians(degrees)))


class TestMeshNormalConsistency(LossOfMeshes):
    known = {f"hinge of {degrees} degrees": bent(degrees) for degrees in (0.0, 30.0, 90.0, 150.0)} | {
        "no shared edge": lambda: (
            mesh_normal_consistency(Meshes([torch.rand(3, 3)], [torch.tensor([[0, 1, 2]])])),
            torch.zeros(1),
        )
    }

    def of_meshes(self, meshes):
        return mesh_normal_consistency(meshes)


def twin(verts, faces):
    """Mean over all pairs of faces with a common edge, one pair at a time."""
    values = []
    for f, g in combinations(faces.tolist(), 2):
        for a, b in combinations(sorted(set(f) & set(g)), 2):
            n = []
            for face in (f, g):
                (apex,) = set(face) - {a, b}
                n.append(torch.linalg.cross(verts[b] - verts[a], verts[apex] - verts[a]))
            values.append(1 + torch.cosine_similarity(n[0], n[1], dim=0))
    return torch.stack(values).mean()


def test_orientation_of_faces_does_not_matter():
    meshes = hinge(40.0)
    flipped = Meshes(meshes.verts_list(), [meshes.faces_list()[0][:, [0, 2, 1]] * 1])
    one_flipped = meshes.faces_list()[0].clone()
    one_flipped[1] = one_flipped[1].flip(0)
    for other in (flipped, Meshes(meshes.verts_list(), [one_flipped])):
        torch.testing.assert_close(mesh_normal_consistency(other), mesh_normal_consistency(meshes))


def test_edges_of_many_faces_give_all_pairs():
    torch.manual_seed(3)
    verts, faces = random_mesh(7, 25, torch.float64)
    faces = faces.sort(1).values.unique(dim=0)
    verts.requires_grad_()
    ours, expected = mesh_normal_consistency(Meshes([verts], [faces])), twin(verts, faces)
    torch.testing.assert_close(ours, expected)
    grad, grad_expected = (torch.autograd.grad(loss, verts)[0] for loss in (ours, expected))
    torch.testing.assert_close(grad, grad_expected)
