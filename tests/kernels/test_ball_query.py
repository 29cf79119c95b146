import torch

from maquette.kernels.ball_query import points_within


def twin(p1, p2, lengths1, lengths2, size, radius):
    batch, queries, _ = p1.shape
    dists = p1.new_zeros(batch, queries, size)
    idx = torch.full((batch, queries, size), -1)
    for n in range(batch):
        for i in range(lengths1[n]):
            d = (p2[n, : lengths2[n]] - p1[n, i]).square().sum(1)
            near = torch.nonzero(d < radius**2)[:size, 0]
            dists[n, i, : len(near)], idx[n, i, : len(near)] = d[near], near
    return dists, idx


def test_values_and_gradients_on_a_ragged_batch():
    lengths1, lengths2 = torch.tensor([30, 0, 12]), torch.tensor([50, 10, 0])
    for dim, size in ((2, 4), (3, 60)):
        p1, p2 = torch.rand(3, 30, dim, requires_grad=True), torch.rand(3, 50, dim, requires_grad=True)
        dists, idx = points_within(p1, p2, lengths1, lengths2, size, 0.4)
        expected, index = twin(p1.double(), p2.double(), lengths1, lengths2, size, 0.4)
        assert torch.equal(idx, index)
        torch.testing.assert_close(dists.double(), expected, rtol=1e-5, atol=1e-8)
        weight = torch.rand_like(dists)
        found = torch.autograd.grad((dists * weight).sum(), (p1, p2))
        wanted = torch.autograd.grad((expected * weight).sum(), (p1, p2))
        for a, b in zip(found, wanted, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_no_room_and_no_points():
    full = torch.tensor([4])
    dists, idx = points_within(torch.rand(1, 4, 3), torch.rand(1, 4, 3), full, full, 0, 1.0)
    assert dists.shape == idx.shape == (1, 4, 0)
    _, idx = points_within(torch.rand(1, 4, 3), torch.rand(1, 0, 3), full, full * 0, 2, 1.0)
    assert (idx == -1).all()
