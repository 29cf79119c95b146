"""The working frame of molding."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from maquette.structures import Meshes
from maquette.systems.molding.normalise import ball, find_normalisation, normalise


@given(st.integers(0, 10**6), st.floats(0.01, 1000), st.floats(-100, 100))
def test_mean_zero_largest_one_and_back(seed, size, shift):
    generator = torch.Generator().manual_seed(seed)
    verts = torch.randn(20, 3, generator=generator, dtype=torch.float64) * size + shift
    frame = find_normalisation(verts)
    points = frame.points(verts)
    torch.testing.assert_close(points.mean(dim=0), torch.zeros(3).double(), atol=1e-9, rtol=0)
    assert points.abs().max().item() == pytest.approx(1)
    torch.testing.assert_close(frame.points_back(points), verts)


def test_meshes_go_there_and_back_with_their_faces():
    verts, faces = torch.rand(4, 3) * 7 + 3, torch.tensor([[0, 1, 2], [0, 2, 3]])
    working, frame = normalise(Meshes([verts], [faces]))
    assert working.verts_packed().abs().max().item() == pytest.approx(1)
    back = frame.mesh_back(working)
    torch.testing.assert_close(back.verts_packed(), verts)
    assert torch.equal(back.faces_packed(), faces)


@pytest.mark.parametrize("verts", [torch.zeros(0, 3), torch.ones(3, 3), torch.full((2, 3), torch.nan)])
def test_what_has_no_extent_is_refused(verts):
    with pytest.raises(ValueError, match="vert"):
        find_normalisation(verts)


def test_a_ball_becomes_the_unit_ball():
    frame = ball(torch.tensor([1.0, 2.0, 3.0]), 4.0)
    assert frame.points(torch.tensor([[5.0, 2.0, 3.0]])).tolist() == [[1.0, 0.0, 0.0]]
    with pytest.raises(ValueError, match="radius"):
        ball(torch.zeros(3), 0.0)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e6, 1e8])
def test_shapes_of_any_size_keep_their_digits(scale):
    verts = torch.randn(500, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    world = Meshes([(verts * scale).float()], [torch.tensor([[0, 1, 2]])])
    there, frame = normalise(world)
    wanted = (verts - verts.mean(0)) / (verts - verts.mean(0)).abs().max()
    assert torch.allclose(there.verts_packed().double(), wanted, atol=3e-7)
    assert torch.allclose(
        frame.mesh_back(there).verts_packed(), world.verts_packed(), rtol=1e-5, atol=1e-6 * scale
    )
