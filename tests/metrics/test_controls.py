"""Controls: another target of the class, and the mean training grid, worked by hand."""

import math

import pytest
import torch

from maquette.metrics.controls import mean_grid, mean_of, other_target


def rows(*filled: int) -> torch.Tensor:
    """Grids of 4 x 4 x 4 with as many solid slabs as said."""
    grids = torch.zeros(len(filled), 4, 4, 4, dtype=torch.bool)
    for grid, count in zip(grids, filled, strict=True):
        grid[:count] = True
    return grids


def test_own_against_the_only_other_of_the_class():
    # IoU with the own target 3/4, 1, and with the other one 3/3, 1/4.
    found = other_target(rows(3, 4), rows(4, 3), ["a", "a"])
    assert found.compared == 2
    assert (found.own, found.other) == pytest.approx(((3 / 4 + 3 / 4) / 2, (1 + 1) / 2))
    assert found.share_won == 0


def test_ties_are_not_won_and_single_samples_are_not_compared():
    found = other_target(rows(2, 2, 1), rows(3, 3, 1), ["a", "a", "b"])
    assert (found.compared, found.share_won) == (2, 0)
    alone = other_target(rows(2), rows(2), ["a"])
    assert alone.compared == 0
    assert math.isnan(alone.share_won)


def test_others_come_from_the_same_class_and_depend_on_the_seed():
    found = other_target(rows(1, 2, 3, 4), rows(1, 2, 3, 4), ["a", "a", "b", "b"])
    assert found.share_won == 1
    assert found.other == pytest.approx((1 / 2 + 1 / 2 + 3 / 4 + 3 / 4) / 4)
    many = rows(*([1, 2, 3, 4] * 5))
    shares = {other_target(many, many, ["a"] * 20, seed).other for seed in range(5)}
    assert len(shares) > 1


def test_mean_grid_at_the_protocols_and_at_its_best_threshold():
    means = {"a": mean_of(rows(1, 2, 4, 4))}  # slabs are solid in 1, .75, .5, .5 of the grids
    found = mean_grid(rows(2, 4), rows(2, 2), ["a", "a"], means, threshold=0.8)
    assert found is not None
    assert found.predicted == pytest.approx((1 + 2 / 4) / 2)
    assert found.fixed == pytest.approx(1 / 2)
    assert (found.best, found.best_threshold) == (1, 0.6)
    assert found.ahead == pytest.approx(0.75 - 1)


def test_classes_without_training_grids_are_left_out():
    means = {"a": mean_of(rows(2))}
    found = mean_grid(rows(2, 1), rows(2, 4), ["a", "b"], means, threshold=0.4)
    assert found is not None
    assert found.compared == 1
    assert mean_grid(rows(1), rows(1), ["b"], means, threshold=0.4) is None
