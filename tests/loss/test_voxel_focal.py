"""Focal loss of voxels: against its formula, and its limits."""

import torch

from maquette.loss import voxel_cross_entropy, voxel_focal
from operator_contract import LossContract


class TestVoxelFocal(LossContract):
    degenerate = {"no shapes": lambda: (torch.zeros(0, 2, 2, 2, 2), torch.zeros(0, 2, 2, 2) > 0)}

    def arguments(self, batch, dtype):
        return torch.randn(batch, 2, 2, 3, 2, dtype=dtype), torch.rand(batch, 2, 3, 2) > 0.5

    def call(self, logits, target):
        return voxel_focal(logits, target), voxel_focal(logits, target, gamma=1.5, alpha=0.7)

    def shapes(self, batch):
        return [(), ()]


def test_without_focus_it_is_cross_entropy():
    logits, target = torch.randn(2, 2, 3, 3, 3), torch.rand(2, 3, 3, 3) > 0.5
    torch.testing.assert_close(voxel_focal(logits, target, gamma=0.0), voxel_cross_entropy(logits, target))


def test_formula_with_alpha():
    logits, target = torch.randn(2, 2, 3, 3, 3), torch.rand(2, 3, 3, 3) > 0.5
    p = logits.double().softmax(1).gather(1, target[:, None].long())[:, 0]
    weight = torch.where(target, 0.7, 0.3)
    expected = (-weight * (1 - p) ** 2 * p.log()).mean().float()
    torch.testing.assert_close(voxel_focal(logits, target, gamma=2.0, alpha=0.7), expected)


def test_huge_logits_stay_finite():
    for truth in (False, True):
        logits = torch.tensor([-1e30, 1e30]).view(1, 2, 1, 1, 1).requires_grad_()
        loss = voxel_focal(logits, torch.full((1, 1, 1, 1), truth))
        loss.backward()
        assert loss.isfinite()
        assert logits.grad is not None
        assert logits.grad.isfinite().all()
