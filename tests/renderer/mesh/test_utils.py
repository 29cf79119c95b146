import pytest
import torch

from maquette.renderer.mesh.utils import clip_barycentric_coordinates, interpolate_zbuf
from maquette.structures import Meshes


def test_clipped_coordinates_are_in_the_face():
    bary = torch.randn(4, 5, 3) * 2
    bary = bary - bary.mean(-1, keepdim=True) + 1 / 3
    clipped = clip_barycentric_coordinates(bary)
    assert clipped[bary < 0].eq(0).all()
    assert clipped.le(1).all()
    torch.testing.assert_close(clipped.sum(-1), torch.ones(4, 5))


def test_inside_points_and_the_mark_of_no_face_stay():
    bary = torch.tensor([[0.2, 0.3, 0.5], [-1.0, -1.0, -1.0]])
    torch.testing.assert_close(clip_barycentric_coordinates(bary), bary)


def test_clipping_has_finite_gradients():
    bary = torch.tensor([[-0.1, -0.2, -0.3], [0.0, 0.0, 0.0], [-1.0, -1.0, -1.0]], requires_grad=True)
    clip_barycentric_coordinates(bary).sum().backward()
    assert bary.grad.isfinite().all()


def test_three_coordinates_are_required():
    with pytest.raises(ValueError, match="last dim"):
        clip_barycentric_coordinates(torch.rand(2, 4))


def test_depth_is_interpolated():
    verts = torch.tensor([[0.0, 0, 1], [1, 0, 2], [0, 1, 4]])
    mesh = Meshes([verts], [torch.tensor([[0, 1, 2]])])
    bary = torch.tensor([[0.5, 0.25, 0.25], [-1.0, -1.0, -1.0]]).view(1, 1, 2, 1, 3)
    depth = interpolate_zbuf(torch.tensor([0, -1]).view(1, 1, 2, 1), bary, mesh)
    assert depth.flatten().tolist() == [2.0, -1.0]
