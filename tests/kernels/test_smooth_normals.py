"""Normals of many shapes with the same faces, against those of meshes."""

import torch

from maquette.kernels.smooth_normals import smooth_normals
from maquette.structures import Meshes
from maquette.utils import ico_sphere


def test_normals_are_those_of_meshes() -> None:
    sphere = ico_sphere(2)
    torch.manual_seed(0)
    verts = sphere.verts_packed() * torch.rand(3, 1, 3) + 0.05 * torch.randn(3, len(sphere.verts_packed()), 3)
    faces = sphere.faces_packed()
    order = faces.flatten().argsort(stable=True)
    starts = torch.cat([torch.zeros(1), faces.flatten().bincount().cumsum(0)]).int()
    normals = smooth_normals(verts, faces.int(), starts, (order // 3).int())
    expected = Meshes(verts, faces.expand(3, -1, -1)).verts_normals_padded()
    torch.testing.assert_close(normals, expected, rtol=1e-4, atol=1e-5)


def test_a_vertex_without_faces_has_none() -> None:
    verts = torch.eye(3)[None].repeat(1, 2, 1)
    normals = smooth_normals(
        verts,
        torch.tensor([[0, 1, 2]]).int(),
        torch.tensor([0, 1, 1, 1, 1, 1, 1]).int(),
        torch.zeros(1).int(),
    )
    torch.testing.assert_close(normals[0, 0], torch.full((3,), 3**-0.5))
    assert normals[0, 1:].abs().max() == 0
