from pathlib import Path

import numpy as np
import pytest
import torch

from maquette.loss import chamfer_distance
from maquette.ops import ball_query, knn_gather, knn_points
from operator_contract import OperatorContract


class TestKnnPoints(OperatorContract):
    fast_gradcheck = True
    refused = {
        "same batch size": lambda: knn_points(torch.rand(2, 4, 3), torch.rand(1, 4, 3)),
        "dimension": lambda: knn_points(torch.rand(2, 4, 3), torch.rand(2, 4, 2)),
        "norm": lambda: knn_points(torch.rand(2, 4, 3), torch.rand(2, 4, 3), norm=3),
    }
    degenerate = {
        "no points": lambda: (
            torch.rand(2, 4, 3),
            torch.rand(2, 0, 3),
            torch.tensor([4, 4]),
            torch.tensor([0, 0]),
        ),
        "one place": lambda: (*torch.zeros(2, 2, 5, 3), torch.tensor([5, 0]), torch.tensor([3, 5])),
    }

    def arguments(self, batch, dtype):
        clouds = (torch.rand(batch, count, 3, dtype=dtype) for count in (4, 9))
        return *clouds, torch.tensor([4, 2, 3])[:batch], torch.tensor([9, 7, 1])[:batch]

    def call(self, p1, p2, lengths1, lengths2):
        squared = knn_points(p1, p2, lengths1, lengths2, K=3, return_nn=True)
        return *squared, knn_points(p1, p2, lengths1, lengths2, norm=1, K=1).dists

    def shapes(self, batch):
        return [(batch, 4, 3), (batch, 4, 3), (batch, 4, 3, 3), (batch, 4, 1)]


class TestKnnGather(OperatorContract):
    refused = {
        "same batch size": lambda: knn_gather(torch.rand(2, 4, 3), torch.zeros(3, 4, 1, dtype=torch.int64)),
    }

    def arguments(self, batch, dtype):
        idx = torch.randint(6, (batch, 3, 2))
        return torch.randn(batch, 6, 4, dtype=dtype), idx, torch.tensor([6, 1, 2])[:batch]

    def call(self, x, idx, lengths):
        return knn_gather(x, idx, lengths)

    def shapes(self, batch):
        return [(batch, 3, 2, 4)]


GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "points.npz")


def golden(name: str) -> torch.Tensor:
    return torch.from_numpy(GOLDEN[name])


def test_five_neighbours_as_stored():
    dists, idx, neighbours = knn_points(
        golden("x"), golden("y"), golden("x_lengths"), golden("y_lengths"), K=5, return_nn=True
    )
    torch.testing.assert_close(dists, golden("knn_dists"), rtol=1e-5, atol=1e-8)
    assert torch.equal(idx, golden("knn_idx"))
    assert torch.equal(neighbours, knn_gather(golden("y"), idx, golden("y_lengths")))


def test_float64_distances_are_exact_far_from_the_origin():
    x = (torch.rand(2, 20, 3, dtype=torch.float64) + 1e6).requires_grad_()
    y = (torch.rand(2, 30, 3, dtype=torch.float64) + 1e6).requires_grad_()
    lengths = torch.tensor([20, 11]), torch.tensor([30, 2])
    dists = knn_points(x, y, *lengths, K=3).dists
    table = (x[0, :, None] - y[0]).square().sum(-1)
    assert dists.dtype == torch.float64
    torch.testing.assert_close(dists[0, :, 0], table.amin(1), rtol=1e-6, atol=1e-9)
    assert not dists[1, 11:].any()
    assert not dists[1, :, 2].any()
    few = [cloud.detach()[:, :9].clone().requires_grad_() for cloud in (x, y)]
    assert torch.autograd.gradcheck(lambda a, b: knn_points(a, b, K=3).dists, few, eps=1e-4)


@pytest.mark.parametrize("lengths", [[5, 4], [-1, 4], [2**40, 4]])
@pytest.mark.parametrize("operator", [knn_points, ball_query, chamfer_distance])
def test_lengths_beyond_a_cloud_are_refused(operator, lengths):
    x, full, wrong = torch.rand(2, 4, 3), torch.tensor([4, 4]), torch.tensor(lengths)
    for pair in ((full, wrong), (wrong, full)):
        with pytest.raises(ValueError, match=r"too l|negative"):
            operator(x, x, *pair)
    with pytest.raises(ValueError, match="batch dimension"):
        knn_points(x, x, torch.tensor([4]))


def test_no_neighbours_are_none():
    x = torch.rand(2, 4, 3)
    assert knn_points(x, x, K=0).dists.shape == (2, 4, 0)
    assert knn_points(x[:, :0], x).idx.shape == (2, 0, 1)
    assert knn_points(x[:0], x[:0]).idx.shape == (0, 4, 1)


def test_gather_zeroes_missing_neighbours():
    x = torch.rand(2, 6, 4)
    idx = torch.randint(6, (2, 5, 3))
    out = knn_gather(x, idx, torch.tensor([6, 2]))
    assert torch.equal(out[0], x[0][idx[0]])
    assert torch.equal(out[1, :, :2], x[1][idx[1, :, :2]])
    assert not out[1, :, 2].any()
