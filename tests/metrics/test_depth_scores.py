"""SIDE and MAD by hand; the official ones are compared in systems/unsup3d/test_golden."""

import math

import torch

from maquette.metrics.depth_scores import (
    depth_errors,
    eroded,
    mean_angle_deviation,
    normal_angles,
    scale_invariant_depth_error,
)


def test_a_factor_on_all_depths_is_of_no_account():
    true = 1 + torch.rand(2, 6, 6, dtype=torch.float64)
    assert scale_invariant_depth_error(3 * true, true).max() < 1e-12


def test_two_depths_off_by_a_factor_of_two():
    true = torch.ones(1, 2, 2, dtype=torch.float64)
    depth = torch.tensor([[[1.0, 1.0], [2.0, 2.0]]], dtype=torch.float64)
    torch.testing.assert_close(
        scale_invariant_depth_error(depth, true), torch.tensor([math.log(2) / 2]).double()
    )
    mask = torch.tensor([[[1.0, 1.0], [0.0, 0.0]]], dtype=torch.float64)
    assert scale_invariant_depth_error(depth, true, mask) == 0


def test_depths_that_are_not_known_are_zero_and_do_no_harm():
    true = torch.rand(1, 6, 6) + 1
    mask = torch.ones(1, 6, 6)
    true[:, :2] = mask[:, :2] = 0
    depth = torch.rand(1, 6, 6) + 1
    kept = scale_invariant_depth_error(depth[:, 2:], true[:, 2:])
    torch.testing.assert_close(scale_invariant_depth_error(depth, true, mask), kept)
    assert (depth_errors(depth, true, mask)[:, :2] == 0).all()
    assert scale_invariant_depth_error(depth, 0 * true, 0 * mask) == 0


def test_angles_between_axes():
    axes = torch.eye(3).expand(1, 3, 3, 3)
    angles = normal_angles(axes, axes.roll(1, -1))
    torch.testing.assert_close(angles, torch.tensor([[90.0] * 3] * 3)[None])
    assert (normal_angles(axes, axes) == 0).all()
    torch.testing.assert_close(normal_angles(axes, -axes), torch.full((1, 3, 3), 180.0))
    mask = torch.zeros(1, 3, 3)
    assert mean_angle_deviation(axes, -axes, mask) == 0
    mask[:, 0] = 1
    torch.testing.assert_close(mean_angle_deviation(axes, -axes, mask), torch.tensor([180.0]))


def test_a_mask_loses_its_rim_and_what_touches_the_pictures_edge():
    mask = torch.ones(1, 7, 7)
    mask[:, 3, 3] = 0
    kept = torch.ones(1, 7, 7)
    kept[:, 2:5, 2:5] = 0
    kept[:, [0, -1]] = 0
    kept[:, :, [0, -1]] = 0
    assert torch.equal(eroded(mask), kept)
