"""Cubify: golden meshes, colours, closedness, errors."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.ops import cubify
from maquette.structures.textures_atlas import TexturesAtlas
from mesh_shapes import golden
from operator_contract import OperatorContract


class TestCubify(OperatorContract):
    differentiable = False
    dtypes = (torch.float32, torch.float64, torch.bfloat16)
    result_dtype = torch.float32
    known = {
        "threshold counts as occupied": lambda: (
            cubify(torch.full((1, 1, 1, 1), 0.5), 0.5).num_faces_per_mesh(),
            torch.tensor([12]),
        )
    }
    refused = {"topleft, corner, center": lambda: cubify(torch.zeros(1, 2, 2, 2), 0.5, align="middle")}
    degenerate = {
        "no grids": lambda: (torch.zeros(0, 2, 2, 2),),
        "no voxels": lambda: (torch.zeros(3, 2, 2, 2),),
    }

    def arguments(self, batch, dtype):
        voxels = torch.zeros(batch, 3, 4, 5, dtype=dtype)
        voxels[torch.arange(batch), torch.arange(batch), 1, 2] = 1  # a cube each
        return (voxels,)

    def call(self, voxels):
        meshes = cubify(voxels, 0.5)
        return meshes.verts_packed(), torch.cat([*meshes.faces_list(), torch.zeros(0, 3).long()])

    def shapes(self, batch):
        return [(8 * batch, 3), (12 * batch, 3)]


@pytest.mark.parametrize("align", ["topleft", "corner", "center"])
def test_golden(align):
    data = golden("voxels")
    meshes = cubify(data["voxels_zyx"], 0.6, align=align)
    for n in range(3):
        verts, faces = meshes.get_mesh_verts_faces(n)
        assert torch.equal(faces, data[f"cubify_{align}_{n}_faces"])
        torch.testing.assert_close(verts, data[f"cubify_{align}_{n}_verts"], rtol=1e-6, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.booleans(), min_size=27, max_size=27))
def test_volume_is_the_number_of_voxels_and_normals_point_outwards(bits):
    meshes = cubify(torch.tensor(bits, dtype=torch.float32).view(1, 3, 3, 3), 0.5, align="corner")
    verts, faces = meshes.verts_packed(), meshes.faces_packed()
    v0, v1, v2 = verts[faces].unbind(1)
    volume = (v0 * torch.linalg.cross(v1, v2)).sum() / 6
    assert abs(volume.item() - sum(bits) * (2 / 3) ** 3) < 1e-4


def test_colours_of_voxels_reach_their_faces():
    voxels = torch.zeros(2, 2, 2, 2)
    voxels[0, 0, 0, 0] = voxels[0, 1, 1, 1] = voxels[1, 0, 1, 0] = 1
    feats = torch.rand(2, 3, 2, 2, 2)
    meshes = cubify(voxels, 0.5, feats=feats, align="center")
    assert isinstance(meshes.textures, TexturesAtlas)
    colours = [atlas[:, 0, 0] for atlas in meshes.textures.atlas_list()]
    torch.testing.assert_close(colours[0][:12], feats[0, :, 0, 0, 0].expand(12, 3))
    torch.testing.assert_close(colours[0][12:], feats[0, :, 1, 1, 1].expand(12, 3))
    torch.testing.assert_close(colours[1], feats[1, :, 0, 1, 0].expand(12, 3))


def test_empty_grids():
    assert len(cubify(torch.zeros(0, 2, 2, 2), 0.5)) == 0
    meshes = cubify(torch.zeros(3, 2, 2, 2), 0.5, feats=torch.zeros(3, 3, 2, 2, 2), align="center")
    assert len(meshes) == 3
    assert meshes.isempty()
    assert isinstance(meshes.isempty(), torch.Tensor)
    assert {x.shape for x in (*meshes.verts_list(), *meshes.faces_list())} == {(0,)}
    assert cubify(torch.zeros(0, 2, 2, 2), 0.5).isempty() is True
