"""Depth from the camera: itself at rest, a float64 twin elsewhere, finite everywhere."""

import itertools
import math

import pytest
import torch

from maquette.systems.unsup3d.config import FormationConfig
from maquette.systems.unsup3d.seen_depth import grid_faces, rendered_depth, seen_depth, vertices
from unsup3d_twin import twin_depth

CENTRES = FormationConfig()
ORIGINAL = FormationConfig(sampling="original")


def hills(size: int, seed: int = 0) -> torch.Tensor:
    """A smooth depth map between 0.9 and 1.1."""
    draw = torch.Generator().manual_seed(seed)
    coarse = torch.rand((1, 1, 4, 4), generator=draw)
    return torch.nn.functional.interpolate(coarse, (size, size), mode="bicubic")[0].clamp(0, 1) * 0.2 + 0.9


@pytest.mark.parametrize("size", [32, 64, 128])
def test_at_rest_the_depth_is_seen_as_it_is_in_every_pixel(size):
    depth = 0.9 + 0.2 * torch.rand(2, size, size)
    seen = seen_depth(depth, torch.zeros(2, 6), CENTRES)
    assert (seen - depth).abs().max() <= 1e-5


def test_as_published_it_is_seen_half_a_pixel_away_and_not_at_two_edges():
    depth = hills(64)
    seen = seen_depth(depth, torch.zeros(1, 6), ORIGINAL)
    lost = seen == ORIGINAL.depth[1] + ORIGINAL.margin
    assert lost.sum() == 127
    assert lost[:, -1].all()
    assert lost[:, :, -1].all()
    between = (depth[:, 1:, :-1] + depth[:, :-1, 1:]) / 2  # the diagonal of each square
    assert (seen[:, :-1, :-1] - between).abs().max() < 2e-3


@pytest.mark.parametrize("sampling", ["centres", "original"])
@pytest.mark.parametrize("seed", range(4))
def test_values_and_gradients_are_those_of_the_twin(sampling, seed):
    size, config = 16, FormationConfig(sampling=sampling)
    draw = torch.Generator().manual_seed(seed)
    view = (torch.rand((1, 6), generator=draw) * 2 - 1) * torch.tensor([0.6, 0.6, 0.6, 0.02, 0.02, 0.05])
    depth, cotangent = hills(size, seed), torch.rand((size, size), generator=draw)
    depth, view = (x.double().requires_grad_() for x in (depth, view))
    verts = vertices(depth, view, config)
    faces = grid_faces(verts.shape[1], verts.shape[2])
    ours = rendered_depth(verts, size)[0]
    theirs = twin_depth(verts[0].flatten(0, 1), faces, size)
    assert (theirs < 50).double().mean() > 0.3
    close = (ours - theirs).abs() < 1e-4
    assert (~close).sum() <= 1  # a middle on an outline may count to either side
    mask = close & (theirs < 50)
    for x in (depth, view):
        one, two = (
            torch.autograd.grad((made * cotangent * mask).sum(), x, retain_graph=True)[0]
            for made in (ours, theirs)
        )
        assert (one - two).norm() <= 1e-2 * two.norm()


def test_a_face_turned_away_hides_what_lies_behind_it():
    depth = torch.full((1, 32, 32), 1.05)
    depth[:, :, 12:20] = 0.92
    view = torch.tensor([[0.0, math.radians(50), 0.0, 0.0, 0.0, 0.0]])
    verts = vertices(depth.double(), view.double(), CENTRES)
    twin = twin_depth(verts[0].flatten(0, 1), grid_faces(34, 34), 32)
    ours = rendered_depth(verts, 32)[0]
    assert ((ours - twin).abs() < 1e-4).double().mean() > 0.995


@pytest.mark.parametrize("sampling", ["centres", "original"])
def test_nothing_is_seen_of_what_left_the_picture_and_no_gradient_is_nan(sampling):
    config = FormationConfig(sampling=sampling)
    depth = hills(32).requires_grad_()
    view = torch.tensor([[0.0, 0.0, 0.0, 0.5, 0.0, 0.0]], requires_grad=True)
    seen = seen_depth(depth, view, config)
    assert (seen == config.depth[1] + config.margin).all()
    seen.sum().backward()
    assert (depth.grad == 0).all()
    assert (view.grad == 0).all()


def test_views_at_their_limits_are_finite():
    limits = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=6)))
    scale = torch.tensor([math.radians(60)] * 3 + [0.1] * 3)
    view = (limits * scale).requires_grad_()
    depth = (0.9 + 0.2 * torch.rand(len(limits), 16, 16)).requires_grad_()
    seen = seen_depth(depth, view, CENTRES)
    seen.square().sum().backward()
    assert seen.isfinite().all()
    assert depth.grad.isfinite().all()
    assert view.grad.isfinite().all()
    assert (seen >= 0.8 - 1e-6).all()
    assert (seen <= 1.2 + 1e-6).all()
