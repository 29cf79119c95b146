"""Remeshing to a number of faces: more, fewer, none, errors."""

import pytest
import torch

from maquette.ops import remesh
from maquette.structures import Meshes
from maquette.utils import ico_sphere
from operator_contract import MeshContract


class TestRemesh(MeshContract):
    differentiable = False
    test_shapes = test_dtype = None  # which edges go is for the library to say
    refused = {"faces": lambda: remesh(ico_sphere(0), 0)}
    degenerate = {"meshes of nothing": MeshContract.degenerate["meshes of nothing"]}

    def arguments(self, batch, dtype):
        spheres = [ico_sphere(1 + n % 2) for n in range(batch)]
        return [x.faces_packed() for x in spheres], *(x.verts_packed().to(dtype) for x in spheres)

    def of_meshes(self, meshes):
        new = remesh(meshes, 60)
        return new.verts_packed(), torch.cat([*new.faces_list(), torch.zeros(0, 3).long()])


@pytest.mark.parametrize("faces", [200, 1000, 5000])
def test_number_of_faces_and_surface(faces):
    meshes = remesh(
        Meshes(
            [*ico_sphere(1).verts_list(), *ico_sphere(4).verts_list()],
            [*ico_sphere(1).faces_list(), *ico_sphere(4).faces_list()],
        ),
        faces,
    )
    assert meshes.num_faces_per_mesh().tolist() == pytest.approx([faces, faces], rel=0.05)
    for verts in meshes.verts_list():
        radius = verts.norm(dim=1)
        assert radius.max() < 1.03
        assert radius.min() > 0.8  # the inner radius of the flat faces of the coarse sphere


def test_mesh_without_faces_stays():
    assert remesh(Meshes([torch.zeros(0, 3)], [torch.zeros(0, 3, dtype=torch.long)]), 10).isempty()
