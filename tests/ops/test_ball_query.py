import pytest
import torch

from maquette.ops import ball_query


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


def test_arguments_that_do_not_fit():
    with pytest.raises(ValueError, match="batch size"):
        ball_query(torch.rand(2, 4, 3), torch.rand(1, 4, 3))
    with pytest.raises(ValueError, match="dimension"):
        ball_query(torch.rand(2, 4, 3), torch.rand(2, 4, 2))
