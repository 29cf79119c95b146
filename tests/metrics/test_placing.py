"""Placing predicted points along the rays of a camera, and scores of points."""

import torch

from maquette.metrics.placing import fit_along_rays, point_scores


def cloud(count: int = 600) -> torch.Tensor:
    return torch.randn(count, 3) * torch.tensor([0.3, 0.2, 0.25]) + torch.tensor([0.0, 0.05, 2.0])


def test_a_shape_that_is_nearer_and_smaller_is_brought_back() -> None:
    true = cloud()
    scale, shift = fit_along_rays((true - torch.tensor([0.0, 0.0, 0.3])) / 1.1, true)
    assert abs(scale - 1.1) < 0.01
    assert abs(shift - 0.3) < 0.02


def test_a_shape_that_is_right_stays() -> None:
    true = cloud()
    scale, shift = fit_along_rays(true, true)
    assert abs(scale - 1) < 1e-6
    assert abs(shift) < 1e-5


def test_scores_count_what_is_near() -> None:
    true = torch.tensor([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]])
    near = true + torch.tensor([0.0, 0.01, 0])
    chamfer, (tight, wide) = point_scores(near, true, (0.005, 0.02))
    assert abs(chamfer - 0.01) < 1e-6
    assert (tight, wide) == (0.0, 1.0)
    _, (half,) = point_scores(near[:2], true, (0.02,))
    assert abs(half - 2 * 1 * 0.5 / 1.5) < 1e-6


def test_a_shape_much_too_large_keeps_its_place_where_the_scale_ends() -> None:
    """Beyond the least scale the depth is still the best for the scale that is taken."""
    true = cloud()
    scale, shift = fit_along_rays(4 * true, true)
    assert scale == 0.5
    assert abs((0.5 * 4 * true[:, 2] + shift).mean() - true[:, 2].mean()) < 0.1
