"""An atlas holds every face once, and its texels know their places on the mesh."""

import pytest
import torch

from maquette.lift.unwrap import find_texels, unwrap
from maquette.structures import Meshes
from maquette.utils import ico_sphere


@pytest.fixture(scope="module")
def ball():
    """A ball of radius 3 far from the origin, and its atlas."""
    sphere = ico_sphere(3)
    mesh = Meshes([3 * sphere.verts_packed() + torch.tensor([50.0, 0, 0])], sphere.faces_list())
    return mesh, unwrap(mesh, 96)


def test_faces_keep_their_order_and_do_not_overlap(ball):
    mesh, atlas = ball
    assert max(atlas.size) == 96
    assert atlas.faces_uvs.shape == mesh.faces_packed().shape
    assert bool(((atlas.uvs >= 0) & (atlas.uvs <= 1)).all())
    a, b, c = atlas.uvs[atlas.faces_uvs].unbind(dim=1)
    areas = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]).abs() / 2
    assert bool((areas > 0).all())
    texels = find_texels(atlas)
    pixels = atlas.size[0] * atlas.size[1]
    assert float(areas.sum()) * pixels == pytest.approx(int(texels.covered.sum()), rel=0.02)


def test_texels_lie_on_the_mesh_where_their_face_is(ball):
    mesh, atlas = ball
    texels = find_texels(atlas)
    points = texels.of(mesh.verts_packed()[mesh.faces_packed()])
    distance = (points - torch.tensor([50.0, 0, 0])).norm(dim=1)
    assert bool(((distance > 2.95) & (distance < 3.001)).all())
    rows, columns = texels.covered.nonzero().unbind(dim=1)
    height, width = atlas.size
    expected = torch.stack([(columns + 0.5) / width, 1 - (rows + 0.5) / height], dim=1)
    torch.testing.assert_close(texels.of(atlas.uvs[atlas.faces_uvs]), expected, atol=1e-4, rtol=0)
