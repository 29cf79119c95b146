"""Joining batches of meshes."""

import pytest
import torch

from maquette.structures import Meshes, join_meshes_as_batch, join_meshes_as_scene
from maquette.structures.textures_atlas import TexturesAtlas
from maquette.structures.textures_vertex import TexturesVertex


def batch(*sizes, textures=None):
    verts = [torch.rand(v, 3) for v, _ in sizes]
    faces = [torch.randint(v, (f, 3)) for v, f in sizes]
    if textures == "vertex":
        textures = TexturesVertex([torch.rand(v, 3) for v, _ in sizes])
    elif textures == "atlas":
        textures = TexturesAtlas([torch.rand(f, 2, 2, 3) for _, f in sizes])
    return Meshes(verts, faces, textures)


def test_join_as_batch():
    one, two = batch((4, 3), (5, 2), textures="vertex"), batch((6, 1), textures="vertex")
    joined = join_meshes_as_batch([one, two])
    assert joined.num_verts_per_mesh().tolist() == [4, 5, 6]
    assert joined.verts_list()[2] is two.verts_list()[0]
    colors = torch.cat([one.textures.verts_features_packed(), two.textures.verts_features_packed()])
    assert torch.equal(joined.textures.verts_features_packed(), colors)
    assert join_meshes_as_batch([one, two], include_textures=False).textures is None
    assert len(join_meshes_as_batch([])) == 0


def test_join_as_scene():
    one, two = batch((4, 3), (5, 2), textures="vertex"), batch((6, 1), textures="vertex")
    scene = join_meshes_as_scene([one, two])
    assert len(scene) == 1
    assert torch.equal(scene.verts_packed(), torch.cat([one.verts_packed(), two.verts_packed()]))
    assert torch.equal(scene.faces_packed(), torch.cat([one.faces_packed(), two.faces_packed() + 9]))
    assert scene.textures.verts_features_packed().shape == (15, 3)
    assert join_meshes_as_scene(two) is two
    assert join_meshes_as_scene([one, two], include_textures=False).textures is None


def test_errors():
    plain, colored, painted = batch((4, 3)), batch((4, 3), textures="vertex"), batch((4, 3), textures="atlas")
    for inconsistent in ([plain, colored], [colored, plain]):
        with pytest.raises(ValueError, match="Inconsistent textures"):
            join_meshes_as_batch(inconsistent)
    with pytest.raises(ValueError, match="same type of texture"):
        join_meshes_as_batch([colored, painted])
