import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.renderer.blending import (
    BlendParams,
    hard_rgb_blend,
    sigmoid_alpha_blend,
    softmax_rgb_blend,
)
from maquette.structures.fragments import Fragments

SHAPE = (2, 3, 4, 5)


def scene(dtype=torch.float64, shape=SHAPE, depth=(1.0, 100.0)) -> tuple[torch.Tensor, Fragments]:
    """Random colours and fragments; about a third of the entries is empty, one pixel entirely."""
    pix_to_face = torch.randint(-5, 10, shape).clamp(min=-1)
    pix_to_face[0, 0, 0] = -1
    empty = pix_to_face < 0
    zbuf = torch.empty(shape, dtype=dtype).uniform_(*depth).masked_fill(empty, -1)
    dists = (1e-3 * torch.randn(shape, dtype=dtype)).masked_fill(empty, -1)
    bary = torch.rand(*shape, 3, dtype=dtype)
    colors = torch.rand(*shape, 3, dtype=dtype)
    return colors, Fragments(pix_to_face, zbuf, bary, dists)


def with_grad(fragments: Fragments) -> Fragments:
    return Fragments(
        fragments.pix_to_face,
        fragments.zbuf.clone().requires_grad_(),
        fragments.bary_coords,
        fragments.dists.clone().requires_grad_(),
    )


def softmax_pixel(colors, faces, zbuf, dists, params, znear, zfar):
    """One pixel of `softmax_rgb_blend`, face by face."""
    seen = [k for k in range(len(faces)) if faces[k] >= 0]
    inverse = {k: (zfar - float(zbuf[k])) / (zfar - znear) for k in seen}
    largest = max([*inverse.values(), 1e-10])
    behind = max(math.exp((1e-10 - largest) / params.gamma), 1e-10)
    total, rgb, clear = behind, behind * torch.tensor(params.background_color, dtype=torch.float64), 1.0
    for k in seen:
        coverage = 1 / (1 + math.exp(float(dists[k]) / params.sigma))
        weight = coverage * math.exp((inverse[k] - largest) / params.gamma)
        total, rgb, clear = total + weight, rgb + weight * colors[k], clear * (1 - coverage)
    return torch.cat([rgb / total, torch.tensor([1 - clear], dtype=torch.float64)])


@pytest.mark.parametrize("gamma", [1e-2, 1.0])
def test_softmax_equals_a_loop(gamma):
    colors, f = scene()
    params = BlendParams(sigma=1e-3, gamma=gamma, background_color=(0.1, 0.5, 0.9))
    image = softmax_rgb_blend(colors, f, params, znear=0.5, zfar=120.0)
    for n, y, x in torch.cartesian_prod(*(torch.arange(s) for s in SHAPE[:3])).tolist():
        at = (n, y, x)
        wanted = softmax_pixel(
            colors[at], f.pix_to_face[at], f.zbuf[at], f.dists[at], params, znear=0.5, zfar=120.0
        )
        torch.testing.assert_close(image[at], wanted)


def test_softmax_takes_planes_of_each_view():
    colors, f = scene()
    params = BlendParams(gamma=0.1)
    near, far = (
        torch.tensor([0.5, 1.0], dtype=torch.float64),
        torch.tensor([120.0, 150.0], dtype=torch.float64),
    )
    image = softmax_rgb_blend(colors, f, params, znear=near, zfar=far)
    for n in range(2):
        one = Fragments(f.pix_to_face[n : n + 1], f.zbuf[n : n + 1], f.bary_coords, f.dists[n : n + 1])
        wanted = softmax_rgb_blend(colors[n : n + 1], one, params, znear=float(near[n]), zfar=float(far[n]))
        torch.testing.assert_close(image[n : n + 1], wanted)


def test_softmax_gradients():
    colors, f = scene(shape=(1, 2, 2, 3))
    params = BlendParams(sigma=1e-3, gamma=0.3)

    def blend(colors, zbuf, dists):
        return softmax_rgb_blend(colors, Fragments(f.pix_to_face, zbuf, f.bary_coords, dists), params)

    inputs = (colors.requires_grad_(), f.zbuf.requires_grad_(), f.dists.requires_grad_())
    assert torch.autograd.gradcheck(blend, inputs, eps=1e-8, atol=1e-4)


def test_softmax_shows_the_background_without_a_face():
    colors, f = scene()
    image = softmax_rgb_blend(colors, f, BlendParams(background_color=(0.2, 0.4, 0.6)))
    torch.testing.assert_close(image[0, 0, 0], torch.tensor([0.2, 0.4, 0.6, 0.0], dtype=torch.float64))


def test_sigmoid_alpha_is_one_minus_a_product():
    colors, f = scene()
    image = sigmoid_alpha_blend(colors, f, BlendParams(sigma=1e-3))
    clear = torch.where(f.pix_to_face >= 0, 1 - torch.sigmoid(-f.dists / 1e-3), 1.0).prod(-1)
    torch.testing.assert_close(image[..., 3], 1 - clear)
    torch.testing.assert_close(image[..., :3], colors[..., 0, :])


def test_sigmoid_alpha_gradients():
    colors, f = scene(shape=(1, 2, 2, 3))

    def blend(dists):
        return sigmoid_alpha_blend(
            colors, Fragments(f.pix_to_face, f.zbuf, f.bary_coords, dists), BlendParams(1e-3)
        )

    assert torch.autograd.gradcheck(blend, (f.dists.requires_grad_(),), eps=1e-8, atol=1e-4)


def test_hard_blend_shows_the_first_face_or_the_background():
    colors, f = scene(torch.float32)
    image = hard_rgb_blend(colors, f, BlendParams(background_color=torch.tensor([0.5, 0.25, 1.0])))
    on_face = f.pix_to_face[..., 0] >= 0
    assert 0 < on_face.sum() < on_face.numel()
    torch.testing.assert_close(image[on_face][:, :3], colors[..., 0, :][on_face])
    assert image[~on_face][:, :3].eq(torch.tensor([0.5, 0.25, 1.0])).all()
    assert image[..., 3].eq(on_face.float()).all()


@pytest.mark.parametrize("blend", [hard_rgb_blend, sigmoid_alpha_blend, softmax_rgb_blend])
def test_any_number_of_channels(blend):
    _, f = scene()
    colors = torch.rand(*SHAPE, 7, dtype=torch.float64)
    assert blend(colors, f, BlendParams(background_color=[0.0] * 7)).shape == (2, 3, 4, 8)


@settings(max_examples=40, deadline=None)
@given(
    sigma=st.sampled_from([1e-12, 1e-8, 1e-4, 1.0]),
    gamma=st.sampled_from([1e-12, 1e-6, 1e-4, 1.0]),
    depth=st.sampled_from([(1.0, 1.0 + 1e-6), (0.0, 1e-9), (-50.0, 1e6), (100.0, 100.0001)]),
    scale=st.sampled_from([0.0, 1e-12, 1.0, 1e6]),
)
def test_values_and_gradients_are_finite(sigma, gamma, depth, scale):
    colors, f = scene(torch.float32, depth=depth)
    f = with_grad(Fragments(f.pix_to_face, f.zbuf, f.bary_coords, f.dists * scale))
    colors.requires_grad_()
    params = BlendParams(sigma, gamma)
    images = softmax_rgb_blend(colors, f, params), sigmoid_alpha_blend(colors, f, params)
    for image in images:
        assert image.isfinite().all()
    sum(image.sum() for image in images).backward()
    for tensor in (colors, f.zbuf, f.dists):
        assert not tensor.grad.isnan().any()
