"""Dice loss of voxels: known values, and what it says of IoU."""

import pytest
import torch

from maquette.loss import voxel_dice
from operator_contract import LossContract


class TestVoxelDice(LossContract):
    degenerate = {"no shapes": lambda: (torch.zeros(0, 2, 2, 2, 2), torch.zeros(0, 2, 2, 2) > 0)}

    def arguments(self, batch, dtype):
        return torch.randn(batch, 2, 2, 3, 2, dtype=dtype), torch.rand(batch, 2, 3, 2) > 0.5

    def call(self, logits, target):
        return voxel_dice(logits, target)


def sure(solid: torch.Tensor) -> torch.Tensor:
    """Logits that leave no doubt."""
    return torch.stack([torch.where(solid, -50.0, 50.0), torch.where(solid, 50.0, -50.0)], dim=1)


def test_the_truth_costs_nothing_and_the_opposite_nearly_1():
    target = torch.rand(2, 8, 8, 8) > 0.5
    assert voxel_dice(sure(target), target).item() == pytest.approx(0, abs=1e-6)
    assert voxel_dice(sure(~target), target).item() == pytest.approx(1, abs=5e-3)


def test_follows_iou_for_sure_predictions():
    target, solid = torch.rand(1, 8, 8, 8) > 0.5, torch.rand(1, 8, 8, 8) > 0.5
    iou = (target & solid).sum() / (target | solid).sum()
    dice = 1 - voxel_dice(sure(solid), target, smooth=1e-6)
    torch.testing.assert_close(dice / (2 - dice), iou, atol=1e-5, rtol=1e-5)


def test_thin_shapes_count_as_much_as_full_ones():
    target = torch.zeros(2, 8, 8, 8, dtype=torch.bool)
    target[0, 0, 0, :4] = True
    target[1, :4] = True
    none = sure(torch.zeros_like(target))
    each = [voxel_dice(none[i : i + 1], target[i : i + 1], smooth=1e-6).item() for i in range(2)]
    assert each == pytest.approx([1, 1], abs=1e-5)


def test_empty_grids_are_finite_and_have_gradients():
    logits = torch.zeros(1, 2, 2, 2, 2, requires_grad=True)
    loss = voxel_dice(logits, torch.zeros(1, 2, 2, 2, dtype=torch.bool))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert 0 < loss.item() < 1
    assert (gradient[:, 1] > 0).all()
