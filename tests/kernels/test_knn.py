"""The neighbour search against a twin that sorts all distances in float64."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.kernels.knn import nearest_neighbours

N = torch.nn.functional.normalize


def twin(p1, p2, lengths1, lengths2, norm, size):
    """Sorted distances and indices, one query after the other; zeros where there is nothing."""
    batch, queries, _ = p1.shape
    dists = p1.new_zeros(batch, queries, size)
    idx = torch.zeros(batch, queries, size, dtype=torch.int64)
    for n in range(batch):
        step = p1[n, : lengths1[n], None] - p2[n, None, : lengths2[n]]
        table = step.square().sum(-1) if norm == 2 else step.abs().sum(-1)
        d, i = table.sort(dim=1, stable=True)
        dists[n, : lengths1[n], : d.shape[1]] = d[:, :size]
        idx[n, : lengths1[n], : d.shape[1]] = i[:, :size]
    return dists, idx


def clouds(kind: str, count: int) -> torch.Tensor:
    sphere = N(torch.randn(2, count, 3), dim=-1)
    return {
        "uniform": torch.rand(2, count, 3),
        "sphere": sphere,
        "lattice": torch.randint(4, (2, count, 3)).float(),
        "one point": torch.full((2, count, 3), 0.3),
        "line": torch.rand(2, count, 1).repeat(1, 1, 3),
        "outlier": torch.cat([sphere[:, 1:] * 1e-3, torch.full((2, 1, 3), 1e5)], 1),
        "inside": sphere * 0.25,
        "apart": sphere + 40,
    }[kind]


@pytest.mark.parametrize("kind1", ["uniform", "sphere", "lattice", "outlier"])
@pytest.mark.parametrize("kind2", ["uniform", "lattice", "one point", "line", "outlier", "inside", "apart"])
@pytest.mark.parametrize("norm", [1, 2])
def test_exact_on_every_arrangement(kind1, kind2, norm):
    p1, p2 = clouds(kind1, 60), clouds(kind2, 150)
    lengths1, lengths2 = torch.tensor([60, 41]), torch.tensor([97, 150])
    for size in (1, 7):
        dists, idx = nearest_neighbours(p1, p2, lengths1, lengths2, norm, size)
        expected, _ = twin(p1.double(), p2.double(), lengths1, lengths2, norm, size)
        torch.testing.assert_close(dists.double(), expected, rtol=1e-5, atol=1e-9)
        same_bits, index = twin(p1, p2, lengths1, lengths2, norm, size)
        near_tie = (same_bits - dists).abs() > 1e-6 * same_bits
        assert not near_tie.any()
        assert (idx == index).float().mean() > 0.99


@pytest.mark.parametrize("size", [1, 5])
def test_equal_distances_go_to_the_smaller_index(size):
    p1, p2 = torch.randint(3, (1, 50, 3)).float(), torch.randint(3, (1, 400, 3)).float()
    full1, full2 = torch.tensor([50]), torch.tensor([400])
    _, idx = nearest_neighbours(p1, p2, full1, full2, 2, size)
    assert torch.equal(idx, twin(p1, p2, full1, full2, 2, size)[1])


@pytest.mark.parametrize("dim", [1, 2, 5, 16])
def test_other_dimensions(dim):
    p1, p2 = torch.rand(3, 20, dim), torch.rand(3, 33, dim)
    lengths1, lengths2 = torch.tensor([20, 0, 9]), torch.tensor([33, 12, 2])
    for size in (1, 4):
        dists, idx = nearest_neighbours(p1, p2, lengths1, lengths2, 2, size)
        expected, index = twin(p1, p2, lengths1, lengths2, 2, size)
        torch.testing.assert_close(dists, expected)
        assert torch.equal(idx, index)


@pytest.mark.parametrize("norm", [1, 2])
@pytest.mark.parametrize("dim", [3, 6])
def test_gradients(norm, dim):
    p1, p2 = torch.randn(2, 40, dim, requires_grad=True), torch.randn(2, 70, dim, requires_grad=True)
    lengths1, lengths2 = torch.tensor([40, 17]), torch.tensor([2, 70])
    weight = torch.randn(2, 40, 3)
    dists, _ = nearest_neighbours(p1, p2, lengths1, lengths2, norm, 3)
    found = torch.autograd.grad((dists * weight).sum(), (p1, p2))
    double = [p.detach().double().requires_grad_() for p in (p1, p2)]
    expected, _ = twin(*double, lengths1, lengths2, norm, 3)
    for ours, theirs in zip(found, torch.autograd.grad((expected * weight).sum(), double), strict=True):
        error = (ours - theirs).norm() / theirs.norm()
        assert error < 1e-5
        assert torch.cosine_similarity(ours.double().flatten(), theirs.flatten(), 0) > 0.999999


@given(
    points=st.lists(st.tuples(*[st.floats(-(2.0**59), 2.0**59, width=32)] * 3), min_size=1, max_size=40),
    size=st.integers(1, 5),
)
@settings(max_examples=40, deadline=None)
def test_any_finite_points_give_finite_sorted_results(points, size):
    p = torch.tensor([points], dtype=torch.float32, requires_grad=True)
    full = torch.tensor([len(points)])
    dists, idx = nearest_neighbours(p, p, full, full, 2, size)
    grad = torch.autograd.grad(dists.sum(), p)[0]
    assert torch.isfinite(grad).all()
    assert (dists[0, :, 0] == 0).all()
    filled = dists[..., : min(size, len(points))]
    assert (filled.diff(dim=2) >= 0).all()
    assert (idx >= 0).all()
    assert (idx < len(points)).all()


def test_not_a_number_stays_in_range():
    p1, p2 = torch.rand(1, 30, 3), torch.rand(1, 90, 3)
    p1[0, 4], p2[0, 7] = torch.nan, torch.nan
    dists, idx = nearest_neighbours(p1, p2, torch.tensor([30]), torch.tensor([90]), 2, 1)
    assert ((idx >= 0) & (idx < 90)).all()
    assert torch.isnan(dists[0, 4]).all()


def test_nothing_to_search():
    none = torch.zeros(2, dtype=torch.int64)
    dists, idx = nearest_neighbours(torch.rand(2, 4, 3), torch.rand(2, 0, 3), none + 4, none, 2, 3)
    assert dists.shape == idx.shape == (2, 4, 3)
    assert not dists.any()
    assert not idx.any()


def test_same_bits_every_time_and_for_any_number_of_threads():
    p1, p2 = torch.rand(3, 500, 3, requires_grad=True), torch.rand(3, 600, 3, requires_grad=True)
    lengths1, lengths2 = torch.tensor([500, 20, 333]), torch.tensor([600, 450, 3])
    results, threads = [], torch.get_num_threads()
    for count in (1, 2, 3, 2):
        torch.set_num_threads(count)
        dists, idx = nearest_neighbours(p1, p2, lengths1, lengths2, 2, 2)
        results.append((dists, idx, *torch.autograd.grad(dists.square().sum(), (p1, p2))))
    torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_computes_in_float32_under_autocast():
    p1, p2 = torch.rand(1, 50, 3), torch.rand(1, 50, 3)
    full = torch.tensor([50])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        dists, _ = nearest_neighbours(p1, p2, full, full, 2, 1)
    assert dists.dtype == torch.float32
    assert torch.equal(dists, nearest_neighbours(p1, p2, full, full, 2, 1)[0])
