"""Simplification through the library: sizes, shape, untouched meshes, errors."""

import pytest
import torch

from maquette.ops import simplify
from maquette.structures import Meshes
from maquette.utils import ico_sphere
from mesh_shapes import tetrahedron


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


def test_count_must_be_positive():
    with pytest.raises(ValueError, match="faces"):
        simplify(ico_sphere(0), 0)
