"""Losses by hand, and how their terms add up; values and gradients of the official ones are in test_golden."""

import math

import pytest
import torch

from maquette.systems.unsup3d.config import FormationConfig, LossConfig
from maquette.systems.unsup3d.filters import filtered
from maquette.systems.unsup3d.formation import canonical, reconstruct
from maquette.systems.unsup3d.loss import (
    filtered_loss,
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


def test_uncertainties_finer_than_features_count_by_their_mean():
    features, target, sigma = torch.rand(1, 2, 2, 2), torch.zeros(1, 2, 2, 2), torch.rand(1, 1, 4, 4) + 0.1
    mean = torch.nn.functional.avg_pool2d(sigma, 2)
    assert perceptual_loss(features, target, None, sigma) == perceptual_loss(features, target, None, mean)


def test_behind_filters_outside_the_mask_nothing_differs():
    image, target = torch.rand(2, 3, 16, 16), torch.rand(2, 3, 16, 16)
    mask, sigma = (torch.rand(2, 1, 16, 16) > 0.5).float(), torch.rand(2, 1, 16, 16) + 0.1
    other = target.where(mask > 0, torch.rand(2, 3, 16, 16))
    assert filtered_loss(image, target, mask, sigma) == filtered_loss(image, other, mask, sigma)


def test_what_differs_in_the_large_counts_more_behind_filters_than_what_differs_from_pixel_to_pixel():
    board = (torch.arange(16)[:, None] + torch.arange(16)) % 2 * 0.2 - 0.1
    fine, coarse = board.expand(1, 3, 16, 16), torch.full((1, 3, 16, 16), 0.1)
    none = torch.zeros(1, 3, 16, 16)
    assert abs(float(photometric_loss(fine, none) - photometric_loss(coarse, none))) < 1e-7
    assert 3 * filtered_loss(fine, none) < filtered_loss(coarse, none)


def test_the_best_sigma_of_a_blurred_pixel_is_root_two_times_what_is_left():
    slope = (torch.arange(16.0) * 0.1).expand(1, 3, 16, 16)
    sigma = torch.full((1, 1, 16, 16), 0.5, requires_grad=True)
    filtered_loss(slope, torch.zeros_like(slope), None, sigma).backward()
    left = torch.stack(filtered(slope)).abs().mean((0, 2))[0]
    expected = (1 / 0.5 - math.sqrt(2) * left / 0.5**2) / 16**2
    torch.testing.assert_close(sigma.grad[0, 0], expected)


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


def test_filtered_pictures_and_several_levels_are_terms_like_the_others():
    raw, formation = some_raw(), FormationConfig()
    found = canonical(raw, formation)
    made, images = reconstruct(found, formation), torch.rand(2, 3, SIZE, SIZE)
    config = LossConfig(flip=0.25, filtered=2.0)
    plain, _ = unsup3d_loss(images, raw, found, made, LossConfig(flip=0.25), formation.depth, coarse)
    loss, terms = unsup3d_loss(images, raw, found, made, config, formation.depth, coarse)
    torch.testing.assert_close(loss, plain + 2 * (terms["filtered"] + 0.25 * terms["filtered_flip"]))

    def half(images: torch.Tensor) -> list[torch.Tensor]:
        return [torch.nn.functional.avg_pool2d(images, 8)]

    def both(images: torch.Tensor) -> list[torch.Tensor]:
        return coarse(images) + half(images)

    one, other, several = (
        unsup3d_loss(images, raw, found, made, config, formation.depth, features)[1]["features"]
        for features in (coarse, half, both)
    )
    torch.testing.assert_close(several, (one + other) / 2)


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
