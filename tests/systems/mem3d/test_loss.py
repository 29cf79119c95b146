"""Triplets worked out by hand."""

import pytest
import torch

from maquette.nn.memory import ShapeMemory
from maquette.systems.mem3d.config import LossConfig
from maquette.systems.mem3d.loss import mem3d_loss, ranking_loss, triplet_loss
from tiny_mem3d import SIZE, tiny_mem3d


def memory():
    held = ShapeMemory(4, 2, 16)
    held.keys[:3] = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    held.ages[:3] = 0
    return held


@pytest.mark.parametrize(("pair", "cost"), [("nearest", 0.0), ("hardest", 0.7)])
def test_similarities_of_like_and_unlike_keys(pair, cost):
    key = torch.tensor([[3.0, 0.0]])  # cosines 1, .6, 0
    alike = torch.tensor([[True, False, True, True]])  # the last slot is empty
    assert triplet_loss(memory(), key, alike, 0.1, pair).item() == pytest.approx(cost, abs=1e-6)
    unlike = torch.tensor([[False, True, False, False]])
    assert triplet_loss(memory(), key, unlike, 0.1, pair).item() == pytest.approx(1 - 0.6 + 0.1)


def test_without_like_or_unlike_shapes_there_is_no_cost_and_a_finite_gradient():
    key = torch.tensor([[3.0, 0.0], [0.0, 2.0]], requires_grad=True)
    for alike in (torch.zeros(2, 4, dtype=torch.bool), torch.ones(2, 4, dtype=torch.bool)):
        loss = triplet_loss(memory(), key, alike, 0.1)
        assert loss == 0
        (gradient,) = torch.autograd.grad(loss, key)
        assert gradient.isfinite().all()
    assert triplet_loss(ShapeMemory(4, 2, 16), key, alike, 0.1) == 0


def test_gradients_draw_the_key_to_its_like():
    key = torch.tensor([[1.0, 1.0]], requires_grad=True)
    triplet_loss(memory(), key, torch.tensor([[True, False, False, False]]), 0.1).backward()
    assert key.grad[0, 0] < 0 < key.grad[0, 1]


def test_terms_whose_weight_is_zero_are_left_out_and_all_reach_the_encoder():
    network = tiny_mem3d()
    target = torch.rand(3, 32, 32, 32) < 0.2
    network.memory.write(torch.randn(4, 64), torch.cat([target, ~target[:1]]))
    seen = network.decode(network.encode(torch.rand(3, 1, 3, SIZE, SIZE)).mean(1))
    loss, terms = mem3d_loss(network, seen, target, LossConfig(dice=1.0, prior=1.0, triplet=0.5))
    assert set(terms) == {"cross_entropy", "dice", "prior", "triplet"}
    loss.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    _, alone = mem3d_loss(network, seen, target, LossConfig(triplet=0.0))
    assert set(alone) == {"cross_entropy"}


def test_ranks_as_wanted_cost_nothing_and_keys_that_are_all_alike_cost_most():
    held, key = memory(), torch.tensor([[1.0, 0.0]])  # cosines 1, .6, 0
    wanted = torch.tensor([[0.5, 0.3, 0.0, 0.9]])  # half of them; the last slot is empty
    assert ranking_loss(held, key, wanted).item() == pytest.approx(0, abs=1e-6)
    q = torch.softmax(wanted[0, :3] / 0.05, 0)
    held.keys[:3] = torch.tensor([1.0, 0.0])
    assert ranking_loss(held, key, wanted).item() == pytest.approx((q * (3 * q).log()).sum().item(), rel=1e-5)


def test_what_was_not_told_is_not_ranked():
    held, key = memory(), torch.tensor([[1.0, 0.0], [1.0, 0.0]], requires_grad=True)
    held.shapes[:2] = torch.tensor([4, 5])
    wanted = torch.tensor([[0.0, 0.3, 0.0, 0.9]] * 2)
    with_all = ranking_loss(held, key[:1], wanted[:1])
    assert ranking_loss(held, key[:1], wanted[:1], torch.tensor([4])) < with_all
    assert ranking_loss(ShapeMemory(4, 2, 16), key, wanted) == 0
    ranking_loss(held, key, wanted, torch.tensor([4, -1])).backward()
    assert key.grad.isfinite().all()
