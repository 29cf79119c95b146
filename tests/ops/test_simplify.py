"""Simplification through the library: sizes, shape, untouched meshes, errors."""

import pytest
import torch

from maquette.ops import simplify
from maquette.structures import Meshes
from maquette.utils import ico_sphere
from mesh_shapes import tetrahedron
from operator_contract import MeshContract


class TestSimplify(MeshContract):
    differentiable = False
    test_shapes = test_dtype = None  # which edges go is for the library to say
    refused = {"faces": lambda: simplify(ico_sphere(0), 0)}
    degenerate = {"meshes of nothing": MeshContract.degenerate["meshes of nothing"]}

    def arguments(self, batch, dtype):
        spheres = [ico_sphere(1 + n % 2) for n in range(batch)]
        return [x.faces_packed() for x in spheres], *(x.verts_packed().to(dtype) for x in spheres)

    def of_meshes(self, meshes):
        new = simplify(meshes, 60)
        return new.verts_packed(), torch.cat([*new.faces_list(), torch.zeros(0, 3).long()])


def test_number_of_faces_and_shape():
    small = tetrahedron()
    sphere = ico_sphere(3)
    meshes = Meshes([sphere.verts_packed(), small[0]], [sphere.faces_packed(), small[1]])
    less = simplify(meshes, 300)
    assert less.num_faces_per_mesh().tolist() == pytest.approx([300, 4], abs=10)
    assert torch.equal(less.verts_list()[1], small[0])
    assert (less.verts_list()[0].norm(dim=1) - 1).abs().max() < 0.05
    assert less.faces_list()[0].dtype == torch.int64
    assert less.faces_list()[0].max() < len(less.verts_list()[0])
