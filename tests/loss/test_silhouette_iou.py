"""Overlap of silhouettes: known values and bounds."""

import torch

from maquette.loss import silhouette_iou_loss
from operator_contract import LossContract


class TestSilhouetteIouLoss(LossContract):
    degenerate = {
        "empty pictures": lambda: (torch.zeros(3, 4, 4), torch.zeros(3, 4, 4)),
        "no pictures": lambda: (torch.zeros(0, 4, 4), torch.zeros(0, 4, 4)),
    }

    def arguments(self, batch, dtype):
        return torch.rand(batch, 3, 4, dtype=dtype), torch.rand(batch, 3, 4, dtype=dtype)

    def call(self, alpha, target):
        return silhouette_iou_loss(alpha, target)


def test_known_overlap():
    one, two = torch.zeros(2, 4, 4), torch.zeros(2, 4, 4)
    one[0, :2], two[0, 1:3] = 1, 1
    one[1, 0, 0], two[1, 0, 0] = 1, 1
    torch.testing.assert_close(silhouette_iou_loss(one, two, eps=0.0), torch.tensor(1 - (4 / 12 + 1) / 2))


def test_soft_values_follow_the_formula():
    one, two = torch.rand(5, 6, 7, dtype=torch.float64), torch.rand(5, 6, 7, dtype=torch.float64)
    both, either = (one * two).sum((1, 2)), (one + two - one * two).sum((1, 2))
    torch.testing.assert_close(silhouette_iou_loss(one, two), 1 - (both / (either + 1e-6)).mean())


def test_empty_pictures_cost_one_and_have_finite_gradients():
    alpha = torch.zeros(3, 4, 4, requires_grad=True)
    loss = silhouette_iou_loss(alpha, torch.zeros(3, 4, 4))
    loss.backward()
    assert loss == 1
    assert alpha.grad.isfinite().all()
