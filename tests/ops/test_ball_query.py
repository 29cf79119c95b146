import torch

from maquette.ops import ball_query
from operator_contract import OperatorContract


class TestBallQuery(OperatorContract):
    gradcheck_dtype = result_dtype = torch.float32  # the kernel's
    refused = {
        "batch size": lambda: ball_query(torch.rand(2, 4, 3), torch.rand(1, 4, 3)),
        "dimension": lambda: ball_query(torch.rand(2, 4, 3), torch.rand(2, 4, 2)),
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
        dists, idx, near = ball_query(p1, p2, lengths1, lengths2, K=3, radius=0.6)
        assert near.dtype == p2.dtype
        return dists, idx, near.float()

    def shapes(self, batch):
        return [(batch, 4, 3), (batch, 4, 3), (batch, 4, 3, 3)]


def test_first_points_in_index_order():
    line = torch.arange(6.0)[None, :, None] * torch.tensor([1.0, 0, 0])
    dists, idx, near = ball_query(line[:, 2:3], line, K=4, radius=1.5)
    assert idx.tolist() == [[[1, 2, 3, -1]]]
    assert dists.tolist() == [[[1, 0, 1, 0]]]
    assert near[0, 0, :, 0].tolist() == [1, 2, 3, 0]
    assert ball_query(line, line, K=2, return_nn=False).knn is None


def test_points_on_the_radius_are_outside():
    dists, idx, _ = ball_query(
        torch.zeros(1, 1, 3), torch.tensor([[[1.0, 0, 0], [0.5, 0, 0]]]), K=2, radius=1.0
    )
    assert idx.tolist() == [[[1, -1]]]
    assert dists.tolist() == [[[0.25, 0]]]
