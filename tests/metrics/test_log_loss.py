"""Log loss of voxel grids: worked by hand, bounded, and the cross-entropy of a softmax."""

import math

import pytest
import torch

from maquette.metrics.log_loss import log_loss


def test_worked_by_hand():
    probability = torch.tensor([0.9, 0.2, 0.5, 0.6, 0.1, 0.1, 0.3, 1.0]).view(1, 2, 2, 2)
    target = torch.tensor([1, 0, 1, 0, 0, 1, 0, 1]).view(1, 2, 2, 2).bool()
    right = [0.9, 0.8, 0.5, 0.4, 0.9, 0.1, 0.7, 1.0]
    expected = -sum(map(math.log, right)) / 8
    assert log_loss(probability, target).item() == pytest.approx(expected, abs=1e-6)


def test_certain_and_wrong_stays_finite():
    target = torch.ones(1, 4, 4, 4, dtype=torch.bool)
    assert log_loss(torch.zeros(1, 4, 4, 4), target).item() == pytest.approx(-math.log(1e-7), rel=1e-5)
    assert log_loss(torch.ones(1, 4, 4, 4), target).item() == pytest.approx(1e-7, rel=1e-3)


def test_is_the_cross_entropy_of_the_softmax():
    logits, target = 3 * torch.randn(3, 2, 4, 4, 4), torch.rand(3, 4, 4, 4) > 0.6
    expected = torch.nn.functional.cross_entropy(logits, target.long(), reduction="none").flatten(1).mean(1)
    torch.testing.assert_close(log_loss(logits.softmax(1)[:, 1], target), expected, atol=1e-5, rtol=1e-5)
