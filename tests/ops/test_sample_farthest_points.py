import pytest
import torch

from maquette.ops import sample_farthest_points, sample_farthest_points_naive
from operator_contract import OperatorContract


class TestSampleFarthestPoints(OperatorContract):
    degenerate = {
        "no points": lambda: (torch.zeros(2, 0, 3), torch.tensor([0, 0])),
        "one place": lambda: (torch.zeros(2, 5, 3), torch.tensor([5, 0])),
    }

    def arguments(self, batch, dtype):
        return torch.randn(batch, 7, 3, dtype=dtype), torch.tensor([7, 2, 5])[:batch]

    def call(self, points, lengths):
        return sample_farthest_points(points, lengths, K=3)

    def shapes(self, batch):
        return [(batch, 3, 3), (batch, 3)]


@pytest.mark.parametrize("K", [1, 9, [3, 20, 1], torch.tensor([0, 5, 7])])
def test_agrees_with_plain_torch(K):
    points = torch.randn(3, 25, 3, requires_grad=True)
    lengths = torch.tensor([25, 11, 1])
    chosen, idx = sample_farthest_points(points, lengths, K)
    expected, expected_idx = sample_farthest_points_naive(points, lengths, K)
    assert torch.equal(idx, expected_idx)
    assert torch.equal(chosen, expected)
    grad = torch.autograd.grad(chosen.sum(), points)[0]
    assert grad.sum() == 3 * (idx >= 0).sum()


def test_random_start_obeys_the_seed_and_the_lengths():
    points, lengths = torch.randn(40, 25, 3), torch.arange(40).clamp(1, 25)
    starts = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        starts.append(sample_farthest_points(points, lengths, 2, random_start_point=True)[1][:, 0])
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])
    assert (starts[0] < lengths).all()
    _, idx = sample_farthest_points_naive(points, lengths, 2, random_start_point=True)
    assert (idx[:, 0] < lengths).all()
    assert idx[:, 0].any()


@pytest.mark.parametrize("function", [sample_farthest_points, sample_farthest_points_naive])
def test_arguments_that_do_not_fit(function):
    points = torch.rand(2, 5, 3)
    with pytest.raises(ValueError, match="same batch"):
        function(points, torch.tensor([5]))
    with pytest.raises(ValueError, match="too large"):
        function(points, torch.tensor([5, 6]))
    with pytest.raises(ValueError, match="same batch"):
        function(points, K=[1, 2, 3])
