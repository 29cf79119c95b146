import pytest
import torch

from maquette.utils import checkerboard, ico_sphere, torus


def signed_volume(mesh):
    a, b, c = mesh.verts_packed()[mesh.faces_packed()].unbind(1)
    return (torch.linalg.cross(a, b) * c).sum() / 6


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_ico_sphere(level):
    mesh = ico_sphere(level)
    assert mesh.verts_packed().shape == (10 * 4**level + 2, 3)
    assert mesh.faces_packed().shape == (20 * 4**level, 3)
    torch.testing.assert_close(
        mesh.verts_packed().norm(dim=1), torch.ones(10 * 4**level + 2), atol=1e-4, rtol=0
    )
    assert len(mesh.edges_packed()) == 30 * 4**level
    assert 2.5 < signed_volume(mesh) < 4.19


def test_ico_sphere_has_the_order_of_the_reference():
    assert ico_sphere().faces_packed()[[0, 4, 10, 19]].tolist() == [
        [0, 11, 5],
        [0, 10, 11],
        [3, 9, 4],
        [9, 8, 1],
    ]
    verts = torch.tensor([[-0.5257, 0.8507, 0.0], [0.0, -0.5257, 0.8507], [-0.8507, 0.0, 0.5257]])
    assert torch.equal(ico_sphere().verts_packed()[[0, 4, 11]], verts)
    with pytest.raises(ValueError, match="level"):
        ico_sphere(-1)


def test_torus():
    mesh = torus(r=0.25, R=1.0, sides=40, rings=60)
    x, y, z = mesh.verts_packed().unbind(1)
    torch.testing.assert_close((torch.hypot(x, y) - 1) ** 2 + z**2, torch.full((2400,), 0.0625))
    assert mesh.faces_packed().shape == (4800, 3)
    assert len(mesh.edges_packed()) == 7200
    torch.testing.assert_close(signed_volume(mesh), torch.tensor(2 * torch.pi**2 * 0.0625), rtol=0.01, atol=0)
    assert torus(1, 2, 3, 4).faces_packed()[:2].tolist() == [[11, 2, 0], [0, 9, 11]]
    for sides, rings in ((0, 3), (3, 0)):
        with pytest.raises(ValueError, match="must be > 0"):
            torus(1, 2, sides, rings)


def test_checkerboard():
    mesh = checkerboard(radius=2, color1=(0.0, 0.5), color2=(1.0, 0.25))
    assert mesh.verts_packed().shape == (25, 3)
    colors = mesh.textures.atlas_packed()[:, 0, 0]
    assert colors.shape == (32, 2)
    centers = mesh.verts_packed()[mesh.faces_packed()].mean(dim=1).floor()
    odd = centers[:, :2].sum(dim=1) % 2 == 1
    assert torch.equal(colors[:, 0], odd.float())
    torch.testing.assert_close(mesh.faces_normals_packed(), torch.tensor([[0.0, 0.0, 1.0]]).expand(32, 3))
    with pytest.raises(ValueError, match="radius"):
        checkerboard(0)
