import torch

from maquette.kernels.farthest_points import _take_side_by_side, farthest_indices


def ragged(dim: int) -> tuple:
    lengths = torch.tensor([40, 1, 0, 25])
    return torch.randn(4, 40, dim), lengths, torch.tensor([12, 5, 5, 30]), torch.tensor([3, 0, 0, 24])


def test_side_by_side_and_kernel_agree():
    for dim in (2, 3, 7):
        points, lengths, samples, begin = ragged(dim)
        idx = farthest_indices(points, lengths, samples, begin, 30)
        nearest = torch.full((4, 40), torch.inf)
        other = torch.full_like(idx, -1)
        _take_side_by_side(points, lengths, samples, begin, nearest, other)
        assert torch.equal(idx, other)


def test_each_point_is_the_farthest_from_those_before():
    points, lengths, samples, begin = ragged(3)
    idx = farthest_indices(points, lengths, samples, begin, 30)
    assert torch.equal((idx >= 0).sum(1), torch.minimum(lengths, samples))
    assert idx[0, 0] == 3
    for k in range(1, 12):
        gap = torch.cdist(points[0].double(), points[0, idx[0, :k]].double()).amin(1)
        torch.testing.assert_close(gap[idx[0, k]], gap.max())


def test_equally_far_points_go_to_the_smaller_index():
    square = torch.tensor([[[0.0, 0], [1, 1], [1, -1], [-1, 1], [-1, -1]]])
    idx = farthest_indices(square, torch.tensor([5]), torch.tensor([5]), torch.tensor([0]), 5)
    assert idx.tolist() == [[0, 1, 2, 3, 4]]
