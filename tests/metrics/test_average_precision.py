"""Average precision: worked by hand, with ties, against the plain definition."""

import numpy as np
import pytest
import torch

from maquette.metrics.average_precision import average_precision


def grids(scores: list[float], solid: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor(scores).view(1, 1, 1, -1), torch.tensor(solid).view(1, 1, 1, -1).bool()


def by_definition(scores: np.ndarray, solid: np.ndarray) -> float:
    """Sum of (R_n - R_{n-1}) P_n over the distinct scores, in a loop."""
    total, recall = 0.0, 0.0
    for threshold in sorted(set(scores.tolist()), reverse=True):
        chosen = scores >= threshold
        now = (chosen & solid).sum() / solid.sum()
        total += (now - recall) * (chosen & solid).sum() / chosen.sum()
        recall = now
    return total


def test_worked_by_hand():
    # Ranked: solid, empty, solid, empty, solid. Precision where a solid cell comes in: 1, 2/3, 3/5.
    score = average_precision(*grids([0.9, 0.8, 0.7, 0.6, 0.5], [1, 0, 1, 0, 1]))
    assert score.item() == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)


def test_example_of_scikit_learn():
    assert average_precision(*grids([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).item() == pytest.approx(0.8333333)


def test_equal_scores_come_in_together():
    # .9 alone is right; then three cells at .5 with one solid: precision 2/4 for the second half of the recall.
    score = average_precision(*grids([0.9, 0.5, 0.5, 0.5, 0.1], [1, 0, 1, 0, 0]))
    assert score.item() == pytest.approx(0.5 * 1 + 0.5 * 2 / 4)
    assert average_precision(*grids([0.3] * 8, [1, 0, 0, 0, 1, 0, 0, 0])).item() == pytest.approx(0.25)


def test_nothing_solid_is_zero_and_all_in_front_is_one():
    assert average_precision(*grids([0.3, 0.4], [0, 0])).item() == 0
    assert average_precision(*grids([0.3, 0.4, 0.2], [1, 1, 0])).item() == 1


def test_follows_the_definition_on_grids_with_many_ties():
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 20, (4, 5, 5, 5)).astype(np.float32) / 20
    solid = generator.random((4, 5, 5, 5)) < 0.3
    expected = [by_definition(s.ravel(), t.ravel()) for s, t in zip(scores, solid, strict=True)]
    found = average_precision(torch.from_numpy(scores), torch.from_numpy(solid))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)
