"""Precision and recall by nearest neighbours: known answers, a loop over all pairs, blocks, collapsed sets."""

import pytest
import torch

from maquette.metrics import precision_recall as module
from maquette.metrics.precision_recall import precision_recall, realism, within_manifold


def by_loops(features: torch.Tensor, others: torch.Tensor, k: int) -> list[bool]:
    """The definition, a pair at a time."""
    reach = []
    for i, one in enumerate(others):
        apart = sorted((one - other).norm().item() for j, other in enumerate(others) if j != i)
        reach.append(apart[k - 1])
    return [any((x - y).norm().item() <= r for y, r in zip(others, reach, strict=True)) for x in features]


@pytest.mark.parametrize("k", [1, 3, 5])
def test_is_the_definition(k):
    real = torch.randn(40, 6, dtype=torch.float64)
    made = torch.randn(30, 6, dtype=torch.float64) * 0.8 + 0.7
    inside, covered = by_loops(made, real, k), by_loops(real, made, k)
    assert within_manifold(made, real, k).tolist() == inside
    found = precision_recall(real, made, k)
    assert found == pytest.approx((sum(inside) / 30, sum(covered) / 40))
    assert 0 < found.precision < 1
    assert 0 < found.recall < 1


def test_on_a_line_by_hand():
    real = torch.tensor([[0.0], [1.0], [2.0], [3.0], [10.0]])
    # With k = 1 the balls of 0 to 3 reach 1 far, that of 10 reaches 7 far: to 17, ends included.
    made = torch.tensor([[-1.0], [-1.01], [3.5], [17.0], [17.01], [4.0]])
    assert within_manifold(made, real, 1).tolist() == [True, False, True, True, False, True]


def test_equal_sets_and_sets_far_apart():
    features = torch.randn(50, 8)
    assert precision_recall(features, features.flip(0)) == (1, 1)
    assert precision_recall(features, features + 1000) == (0, 0)


def test_a_part_of_what_there_is_is_precise_and_recalls_a_part():
    left, right = torch.randn(60, 4), torch.randn(60, 4) + 100
    found = precision_recall(torch.cat([left, right]), left[:30])
    assert found.precision == 1
    assert 30 / 120 <= found.recall <= 1 / 2


def test_pictures_that_are_all_the_same_cover_nothing_but_themselves():
    real = torch.rand(20, 1280)
    made = real[:1].expand(10, -1)
    assert precision_recall(real, made) == (1, 1 / 20)


def test_a_far_origin_costs_no_digits():
    real, made = torch.randn(40, 3).double(), torch.randn(40, 3).double()
    near = precision_recall(real, made)
    assert precision_recall(real + 1e6, made + 1e6) == near


def test_blocks_change_nothing(monkeypatch):
    real, made = torch.randn(30, 4), torch.randn(25, 4)
    whole = precision_recall(real, made)
    monkeypatch.setattr(module, "_ENTRIES", 100)
    assert precision_recall(real, made) == whole


@pytest.mark.parametrize("k", [0, 4])
def test_too_few_for_so_many_neighbours(k):
    with pytest.raises(ValueError, match=r"k = [04] neighbours need more than [14] (real|made) pictures"):
        precision_recall(torch.randn(9, 2), torch.randn(4, 2), k)


def test_realism_is_the_reach_over_the_distance():
    """Balls around 0, 1 and 3 on a line reach to 1, 1 and 2 with k = 1; the last, the largest, is left out."""
    real = torch.tensor([[0.0], [1.0], [3.0]])
    made = torch.tensor([[0.5], [2.5], [5.0], [1.0]])
    found = realism(made, real, k=1)
    torch.testing.assert_close(found[:3], torch.tensor([2.0, 1 / 1.5, 0.25], dtype=torch.float64))
    assert found[3] > 1e6
    assert within_manifold(made[:1], real, k=1).tolist() == [True]
