"""Cross-entropy of voxels against torch's own."""

import pytest
import torch

from maquette.loss import voxel_cross_entropy
from operator_contract import LossContract


class TestVoxelCrossEntropy(LossContract):
    degenerate = {"no shapes": lambda: (torch.zeros(0, 2, 2, 2, 2), torch.zeros(0, 2, 2, 2) > 0)}

    def arguments(self, batch, dtype):
        return torch.randn(batch, 2, 2, 3, 2, dtype=dtype), torch.rand(batch, 2, 3, 2) > 0.5

    def call(self, logits, target):
        return voxel_cross_entropy(logits, target)

    known = {
        "no opinion": lambda: (
            voxel_cross_entropy(torch.zeros(1, 2, 1, 1, 1), torch.zeros(1, 1, 1, 1, dtype=torch.bool)),
            0.6931472,
        )
    }


@pytest.fixture
def grids() -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(3, 2, 4, 4, 4), torch.rand(3, 4, 4, 4) > 0.7


def test_is_the_mean_of_torchs_cross_entropy(grids):
    logits, target = grids
    expected = torch.nn.functional.cross_entropy(logits, target.long())
    torch.testing.assert_close(voxel_cross_entropy(logits, target), expected)


def test_huge_logits_stay_finite():
    logits = torch.tensor([-1e30, 1e30]).view(1, 2, 1, 1, 1).requires_grad_()
    for truth in (False, True):
        loss = voxel_cross_entropy(logits, torch.full((1, 1, 1, 1), truth))
        (gradient,) = torch.autograd.grad(loss, logits)
        assert loss.isfinite()
        assert gradient.isfinite().all()


def test_half_precision_is_computed_in_float32(grids):
    logits, target = grids
    loss = voxel_cross_entropy(logits.bfloat16(), target)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, voxel_cross_entropy(logits.bfloat16().float(), target))
