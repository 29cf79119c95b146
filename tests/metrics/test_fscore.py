"""F-score at 1 %: where the surface lies, equal, near and far grids, empty ones, symmetry, seeds."""

import pytest
import torch

from maquette.metrics.fscore import fscore, surface_points


def cube(low: int, high: int, side: int = 32) -> torch.Tensor:
    grid = torch.zeros(1, side, side, side, dtype=torch.bool)
    grid[:, low:high, low:high, low:high] = True
    return grid


def test_the_surface_passes_through_the_empty_neighbours():
    grid = torch.zeros(1, 32, 32, 32, dtype=torch.bool)
    grid[0, 4:8, 10:12, 20:21] = True
    points = surface_points(grid, torch.rand(1, 20000, 3))[0]
    # Cell i of the grid is point i + 1 of the padded one, whose 34 points span the unit cube.
    low, high = torch.tensor([4.0, 10.0, 20.0]) / 33, torch.tensor([9.0, 13.0, 22.0]) / 33
    torch.testing.assert_close(points.min(0).values, low, atol=2e-4, rtol=0)
    torch.testing.assert_close(points.max(0).values, high, atol=2e-4, rtol=0)


def test_equal_grids_score_high_but_not_one():
    score = fscore(cube(12, 20), cube(12, 20)).item()
    assert 0.9 < score < 1


def test_a_step_of_one_cell_is_too_far_and_falls_with_the_step():
    target = cube(8, 24)
    scores = [fscore(cube(8 + d, 24 + d), target).item() for d in (0, 1, 4)]
    assert scores[0] > scores[1] > scores[2]
    # A cube moved along the diagonal keeps parts of no side at all in reach.
    assert scores[1] < 0.1


def test_a_larger_distance_brings_neighbours_into_reach():
    assert fscore(cube(8, 24), cube(9, 25), distance=0.08).item() > 0.99


def test_empty_grids_score_zero():
    empty = torch.zeros(1, 32, 32, 32, dtype=torch.bool)
    predicted, target = torch.cat([empty, cube(3, 9), empty]), torch.cat([cube(3, 9), empty, empty])
    assert fscore(predicted, target).tolist() == [0, 0, 0]


def test_both_directions_count_alike():
    slab, bar = cube(8, 24), cube(8, 24)
    slab[:, :, 12:], bar[:, :, :, 10:] = False, False
    there, back = fscore(slab, bar).item(), fscore(bar, slab).item()
    assert there == pytest.approx(back, abs=0.02)


def test_a_sample_scores_the_same_alone_and_in_a_batch_and_by_its_seed():
    torch.manual_seed(1)
    predicted, target = torch.rand(3, 16, 16, 16) > 0.8, torch.rand(3, 16, 16, 16) > 0.8
    together = fscore(predicted, target, points=500, seed=7)
    alone = torch.cat(
        [fscore(p[None], t[None], points=500, seed=7) for p, t in zip(predicted, target, strict=True)]
    )
    assert torch.equal(together, alone)
    assert not torch.equal(together, fscore(predicted, target, points=500, seed=8))


def test_grids_that_reach_the_border_are_closed():
    full = torch.ones(1, 8, 8, 8, dtype=torch.bool)
    points = surface_points(full, torch.rand(1, 2000, 3))[0]
    # Marching cubes cuts edges and corners off; a corner's middle lies two thirds of a cell inside.
    to_border = torch.minimum(points, 1 - points).amin(1)
    assert ((to_border > -1e-6) & (to_border < 0.67 / 9)).all()
    assert (to_border < 1e-3).float().mean() > 0.6
