"""Soft Dice of anything: known values, soft truth, and samples in which nothing is true."""

import pytest
import torch

from maquette.loss.soft_dice import soft_dice
from operator_contract import LossContract


class TestSoftDice(LossContract):
    degenerate = {"no samples": lambda: (torch.zeros(0, 3, 3), torch.zeros(0, 3, 3))}

    def arguments(self, batch, dtype):
        return torch.randn(batch, 3, 4, dtype=dtype), torch.rand(batch, 3, 4) > 0.5

    def call(self, log_odds, truth):
        return soft_dice(log_odds, truth)


def test_known_values_of_hard_and_soft_truth():
    truth = torch.zeros(1, 4, 4)
    truth[:, :2] = 1
    sure = torch.where(truth > 0, 50.0, -50.0)
    assert float(soft_dice(sure, truth)) == pytest.approx(0, abs=1e-6)
    assert float(soft_dice(-sure, truth)) == pytest.approx(1)
    assert float(soft_dice(torch.zeros(1, 4, 4), truth)) == pytest.approx(0.5)  # 2 x 4 / (8 + 8)
    assert float(soft_dice(sure, truth / 2)) == pytest.approx(1 - 8 / 12)


def test_a_sample_without_truth_costs_1_or_what_smoothing_leaves():
    nothing = torch.zeros(1, 2, 2)
    empty = torch.full((1, 2, 2), -50.0)
    assert float(soft_dice(empty, nothing)) == pytest.approx(1)
    assert float(soft_dice(empty, nothing, smooth=1.0)) == pytest.approx(0, abs=1e-6)
