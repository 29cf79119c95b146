"""Subdivision: order, areas, features, topology made once."""

import pytest
import torch

from maquette.ops import SubdivideMeshes
from maquette.structures import Meshes
from maquette.utils import ico_sphere
from mesh_shapes import mixed_batch, random_mesh, tetrahedron
from operator_contract import MeshContract


class TestSubdivideMeshes(MeshContract):
    def of_meshes(self, meshes):
        new, doubled = SubdivideMeshes()(meshes, meshes.verts_packed() * 2)
        return new.verts_packed(), torch.cat([*new.faces_list(), torch.zeros(0, 3).long()]), doubled

    def shapes(self, batch):
        torch.manual_seed(0)
        faces, *verts = self.arguments(batch, torch.float32)
        meshes = Meshes(verts, faces)
        count = len(meshes.verts_packed()) + len(meshes.edges_packed())
        return [(count, 3), (4 * len(meshes.faces_packed()), 3), (count, 3)]


def test_one_triangle():
    verts = torch.tensor([[0.0, 0, 0], [2, 0, 0], [0, 2, 0]])
    new = SubdivideMeshes()(Meshes([verts], [torch.tensor([[0, 1, 2]])]))
    new_verts, new_faces = new.get_mesh_verts_faces(0)
    # Edges in order: (0, 1), (0, 2), (1, 2).
    assert new_verts[3:].tolist() == [[1, 0, 0], [0, 1, 0], [1, 1, 0]]
    assert new_faces.tolist() == [[0, 3, 4], [1, 5, 3], [2, 4, 5], [5, 4, 3]]


def test_heterogeneous_batch_keeps_areas_and_orientation():
    meshes = mixed_batch()
    new = SubdivideMeshes()(meshes)
    assert new.num_faces_per_mesh().tolist() == [4 * n for n in meshes.num_faces_per_mesh().tolist()]
    expected = meshes.num_verts_per_mesh() + meshes.num_edges_per_mesh()
    assert torch.equal(new.num_verts_per_mesh(), expected)
    for n in (0, 2):
        old = Meshes(meshes.verts_list()[n : n + 1], meshes.faces_list()[n : n + 1])
        one = Meshes(new.verts_list()[n : n + 1], new.faces_list()[n : n + 1])
        torch.testing.assert_close(one.faces_areas_packed().sum(), old.faces_areas_packed().sum())
        # Each block of new faces has the normals of the old faces.
        blocks = one.faces_normals_packed().view(4, -1, 3)
        torch.testing.assert_close(blocks, old.faces_normals_packed().expand(4, -1, -1), atol=1e-4, rtol=1e-4)


def test_features_follow_the_vertices():
    meshes = mixed_batch()
    new, feats = SubdivideMeshes()(meshes, meshes.verts_packed() * 2)
    torch.testing.assert_close(feats, new.verts_packed() * 2)


def test_topology_made_once_gives_the_same():
    meshes = ico_sphere(1).extend(3)
    moved = meshes.offset_verts(0.1 * torch.randn(3 * 42, 3))
    feats = torch.randn(3 * 42, 5)
    new, new_feats = SubdivideMeshes(ico_sphere(1))(moved, feats)
    expected, expected_feats = SubdivideMeshes()(moved, feats)
    torch.testing.assert_close(new.verts_packed(), expected.verts_packed())
    assert torch.equal(new.faces_packed(), expected.faces_packed())
    torch.testing.assert_close(new_feats.reshape(-1, 5), expected_feats)
    with pytest.raises(ValueError, match="features need"):
        SubdivideMeshes(ico_sphere(1))(moved, feats[None, None])


def test_gradients_reach_the_vertices():
    verts, faces = tetrahedron(torch.float64)
    verts.requires_grad_()
    new = SubdivideMeshes()(Meshes([verts], [faces]))
    new.verts_packed().sum().backward()
    torch.testing.assert_close(verts.grad, torch.full((4, 3), 2.5, dtype=torch.float64))


def test_empty_batch_and_module_state():
    nothing = Meshes([torch.zeros(0, 3)], [torch.zeros(0, 3, dtype=torch.int64)])
    assert SubdivideMeshes()(nothing).isempty()
    verts, faces = random_mesh(6, 5)
    module = SubdivideMeshes(Meshes([verts], [faces]))
    assert module.state_dict()["_subdivided_faces"].shape == (20, 3)
