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


def test_the_shift_is_that_of_the_scale_where_this_is_at_its_end() -> None:
    """A shape that is far too small is made twice as large, and its middle is brought to the true one's."""
    true = cloud()
    middle = true.mean(0)
    small = (true - middle) / 10 + middle
    scale, shift = fit_along_rays(small, true)
    assert scale == 2.0
    assert abs(scale * small[:, 2].mean() + shift - middle[2]) < 0.1
