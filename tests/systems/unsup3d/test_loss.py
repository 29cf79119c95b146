"""Losses by hand, and how their terms add up; values and gradients of the official ones are in test_golden."""

import math

import pytest
import torch

from maquette.systems.unsup3d.config import FormationConfig, LossConfig
from maquette.systems.unsup3d.formation import canonical, reconstruct
from maquette.systems.unsup3d.loss import (
    masked_mean,
    perceptual_loss,
    photometric_loss,
    smoothness_loss,
    unsup3d_loss,
)
from unsup3d_fakes import SIZE, coarse, some_raw


def test_the_best_sigma_is_root_two_times_the_difference():
    image, target = torch.full((1, 3, 4, 4), 0.3), torch.zeros(1, 3, 4, 4)
    best = 0.3 * math.sqrt(2)
    costs = {
        sigma: float(photometric_loss(image, target, None, torch.full((1, 1, 4, 4), sigma)))
        for sigma in (0.2, best, 0.8)
    }
    assert min(costs, key=costs.get) == best
    assert math.isclose(costs[0.2], math.sqrt(2) * 0.3 / 0.2 + math.log(0.2), rel_tol=1e-5)


def test_the_best_sigma_of_features_is_their_difference():
    features, target = torch.full((1, 5, 4, 4), 0.7), torch.zeros(1, 5, 4, 4)
    sigma = torch.full((1, 1, 4, 4), 0.7, requires_grad=True)
    perceptual_loss(features, target, None, sigma).backward()
    assert sigma.grad.abs().max() < 1e-5


def test_a_doubtful_pixel_counts_less():
    image, target = torch.zeros(1, 3, 4, 4, requires_grad=True), torch.ones(1, 3, 4, 4)
    sigma = torch.ones(1, 1, 4, 4)
    sigma[..., :2] = 4.0
    photometric_loss(image, target, None, sigma).backward()
    torch.testing.assert_close(image.grad[..., 0] * 4, image.grad[..., 3])


def test_only_what_is_masked_in_counts():
    image, target = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    mask = (torch.rand(2, 1, 8, 8) > 0.5).float()
    other = target.where(mask > 0, torch.rand(2, 3, 8, 8))
    assert photometric_loss(image, target, mask) == photometric_loss(image, other, mask)
    assert masked_mean(image, torch.zeros_like(mask)) == 0


def test_a_feature_half_seen_counts_half():
    features, target = torch.rand(1, 2, 1, 2), torch.zeros(1, 2, 1, 2)
    mask = torch.ones(1, 1, 4, 8)
    mask[..., :2] = 0
    squares = features.square().mean(1).flatten()
    expected = (0.5 * squares[0] + squares[1]) / 1.5
    torch.testing.assert_close(perceptual_loss(features, target, mask), expected)


def test_steps_are_counted_in_widths_of_the_range():
    slope = torch.arange(5.0).expand(2, 5, 5) * 0.02
    assert math.isclose(float(smoothness_loss(slope, (0.9, 1.1))), 0.1, rel_tol=1e-5)


@pytest.mark.parametrize("flip", [None, 1.0])
def test_the_terms_add_up(flip):
    config, formation = LossConfig(flip=0.25, perceptual=0.5, smoothness=0.1), FormationConfig()
    raw = some_raw()
    found = canonical(raw, formation)
    made = reconstruct(found, formation)
    images = torch.rand(2, 3, SIZE, SIZE)
    loss, terms = unsup3d_loss(images, raw, found, made, config, formation.depth, coarse, flip)
    flip = 0.25 if flip is None else flip
    expected = terms["pixels"] + flip * terms["pixels_flip"] + 0.1 * terms["smoothness"]
    expected += 0.5 * (terms["features"] + flip * terms["features_flip"])
    torch.testing.assert_close(loss, expected)


def test_what_is_not_weighed_is_not_computed():
    raw, formation = some_raw()._replace(sigma_pixels=None, sigma_features=None), FormationConfig()
    found = canonical(raw, formation)
    config = LossConfig(perceptual=0.0, features="none")
    images = torch.rand(2, 3, SIZE, SIZE)
    made = reconstruct(found, formation)
    _, terms = unsup3d_loss(images, raw, found, made, config, formation.depth)
    assert set(terms) == {"pixels", "pixels_flip"}
    plain = photometric_loss(made.image[:2], 2 * images - 1, made.mask)
    assert terms["pixels"] == plain
