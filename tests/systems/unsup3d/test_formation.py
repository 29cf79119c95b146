"""From what the networks say to a picture: at rest, mirrored, and with numbers as bad as they come."""

import pytest
import torch

from maquette.systems.unsup3d.config import FormationConfig, LossConfig
from maquette.systems.unsup3d.formation import canonical, reconstruct, with_border
from maquette.systems.unsup3d.loss import unsup3d_loss
from maquette.systems.unsup3d.network import Raw
from unsup3d_fakes import SIZE, coarse, some_raw


def at_rest(raw: Raw) -> Raw:
    return raw._replace(view=torch.zeros_like(raw.view))


def test_at_rest_the_picture_is_the_canonical_one():
    found = canonical(at_rest(some_raw()), FormationConfig())
    made = reconstruct(found, FormationConfig())
    assert made.mask.all()
    torch.testing.assert_close(made.depth, found.depth, rtol=0, atol=1e-5)
    torch.testing.assert_close(made.image, found.image, rtol=0, atol=2e-3)


def test_mirrored_twice_is_the_same_reconstruction():
    raw, config = at_rest(some_raw()), FormationConfig()
    mirrored = raw._replace(depth=raw.depth.flip(-1), albedo=raw.albedo.flip(-1))
    one, two = (canonical(x, config) for x in (raw, mirrored))
    torch.testing.assert_close(one.image[2:], two.image[:2])
    torch.testing.assert_close(one.depth[2:], two.depth[:2])


@pytest.mark.parametrize(("depth", "albedo"), [(True, False), (False, True), (False, False)])
def test_what_is_not_to_be_mirrored_is_not(depth, albedo):
    found = canonical(some_raw(), FormationConfig(flip_depth=depth, flip_albedo=albedo))
    assert torch.equal(found.depth[:2], found.depth[2:]) is not depth
    assert torch.equal(found.albedo[:2], found.albedo[2:]) is not albedo


def test_depth_keeps_its_bounds_and_its_border():
    config = FormationConfig(border=3, border_depth=1.08)
    depth = canonical(some_raw(scale=50.0), config).depth
    assert depth.min() >= 0.9
    assert depth.max() <= 1.1
    assert (depth[:, :, :3] == 1.08).all()
    assert (depth[:, :, -3:] == 1.08).all()
    none = torch.rand(1, 4, 4)
    assert torch.equal(with_border(none, FormationConfig(border=0)), none)


def test_in_the_dark_all_is_black_and_in_full_light_colours_are_as_they_are():
    raw = some_raw()
    dark = canonical(raw, FormationConfig(ambient=(0.0, 0.0), diffuse=(0.0, 0.0)))
    lit = canonical(raw, FormationConfig(ambient=(1.0, 1.0), diffuse=(0.0, 0.0)))
    assert (dark.image == -1).all()
    torch.testing.assert_close(lit.image, lit.albedo)


@pytest.mark.parametrize("sampling", ["centres", "original"])
@pytest.mark.parametrize("shift", [0.1, 0.5])
@pytest.mark.parametrize("scale", [0.0, 1e4])
def test_no_loss_and_no_gradient_is_nan(sampling, shift, scale):
    config = FormationConfig(sampling=sampling, shift=shift, shift_z=0.1)
    raw = some_raw(8, scale)
    corners = torch.tensor([[(n >> i) % 2 * 2.0 - 1 for i in range(6)] for n in range(8)])
    raw = raw._replace(view=corners, sigma_pixels=0 * raw.sigma_pixels, sigma_features=0 * raw.sigma_features)
    raw = raw.each(lambda x: x.requires_grad_())
    found = canonical(raw, config)
    made = reconstruct(found, config)
    images = torch.rand(8, 3, SIZE, SIZE)
    loss, terms = unsup3d_loss(images, raw, found, made, LossConfig(smoothness=0.1), config.depth, coarse)
    loss.backward()
    assert loss.isfinite()
    assert all(term.isfinite() for term in terms.values())
    assert all(x.grad is None or x.grad.isfinite().all() for x in raw)
    if shift == 0.5:
        assert (made.mask == 0).any()


def test_a_picture_that_the_surface_left_costs_nothing():
    config = FormationConfig(shift=0.5)
    raw = some_raw()._replace(view=torch.tensor([[0.0, 0, 0, 1, 0, 0]]).expand(2, 6))
    found = canonical(raw, config)
    made = reconstruct(found, config)
    loss, _ = unsup3d_loss(torch.rand(2, 3, SIZE, SIZE), raw, found, made, LossConfig(), config.depth, coarse)
    assert (made.mask == 0).all()
    assert loss == 0


def test_under_autocast_geometry_is_as_exact_as_without():
    raw, config = some_raw(), FormationConfig()
    plain = reconstruct(canonical(raw, config), config)
    with torch.autocast("cpu", torch.bfloat16):
        cast = reconstruct(canonical(raw, config), config)
    assert torch.equal(plain.image, cast.image)
    assert torch.equal(plain.depth, cast.depth)
