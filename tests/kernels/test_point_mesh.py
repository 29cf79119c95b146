"""Distances between points and hulls against a float64 twin that looks at every pair."""

import pytest
import torch

from maquette.kernels.point_mesh import hull_distance


def segment_distance2(p, a, b):
    ab = b - a
    t = ((p - a) * ab).sum(-1) / (ab * ab).sum(-1).clamp(min=1e-300)
    return (a + t.clamp(0, 1)[..., None] * ab - p).square().sum(-1)


def twin(points, hulls, least_area=0.0):
    """Squared distances (point, hull), with gradients by autograd."""
    p = points[:, None]
    a, b, c = hulls[:, 0], hulls[:, 1], hulls[:, -1]
    sides = torch.stack([segment_distance2(p, a, b), segment_distance2(p, a, c), segment_distance2(p, b, c)])
    if hulls.shape[1] == 2:
        return sides[0]
    normal = torch.linalg.cross(b - a, c - a)
    size2 = normal.square().sum(-1)
    safe = size2.clamp(min=1e-300)
    height2 = ((p - a) * normal).sum(-1).square() / safe
    v = (torch.linalg.cross(p - a, (c - a).expand(len(points), -1, -1)) * normal).sum(-1) / safe
    w = (torch.linalg.cross((b - a).expand(len(points), -1, -1), p - a) * normal).sum(-1) / safe
    inside = (v >= 0) & (w >= 0) & (v + w <= 1) & (size2 > 0) & (size2.sqrt() / 2 >= least_area)
    return torch.where(inside, height2, sides.amin(0))


def batch(kind: str, corners: int, sizes: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    hulls = torch.rand(sum(sizes), corners, 3)
    if kind == "small":
        hulls = torch.rand(sum(sizes), 1, 3) + 0.05 * hulls
    if kind == "degenerate":
        hulls[::2, 1] = hulls[::2, 0]
        hulls[::3, -1] = hulls[::3, 0]
    if kind == "sliver":
        hulls[:, -1] = hulls[:, 0] + (hulls[:, 1] - hulls[:, 0]) * 0.4 + 1e-5
    return hulls, starts(sizes)


def starts(sizes: list[int]) -> torch.Tensor:
    return torch.tensor(sizes).cumsum(0) - torch.tensor(sizes)


@pytest.mark.parametrize("corners", [2, 3])
@pytest.mark.parametrize("points_ask", [True, False])
@pytest.mark.parametrize("kind", ["large", "small", "degenerate", "sliver"])
def test_values_and_gradients(corners, points_ask, kind):
    point_sizes, hull_sizes = [50, 3, 120], [70, 90, 4]
    points, points_first = torch.rand(sum(point_sizes), 3), starts(point_sizes)
    hulls, hulls_first = batch(kind, corners, hull_sizes)
    weight = torch.randn(sum(point_sizes) if points_ask else sum(hull_sizes))

    ours = [x.clone().requires_grad_() for x in (points, hulls)]
    dists = hull_distance(ours[0], points_first, ours[1], hulls_first, 0.0, points_ask)
    found = torch.autograd.grad((dists * weight).sum(), ours)

    theirs = [x.double().requires_grad_() for x in (points, hulls)]
    tables = [
        twin(p, h) for p, h in zip(theirs[0].split(point_sizes), theirs[1].split(hull_sizes), strict=True)
    ]
    expected = torch.cat([table.amin(1 if points_ask else 0) for table in tables])
    torch.testing.assert_close(dists.double(), expected, rtol=1e-4, atol=1e-7)
    wanted = torch.autograd.grad((expected * weight).sum(), theirs)
    for a, b in zip(found, wanted, strict=True):
        assert torch.isfinite(a).all()
        if kind == "degenerate" and a.ndim == 3:  # corners that coincide share a gradient in any proportion
            a, b = a.sum(1), b.sum(1)
        assert (a - b).norm() / b.norm() < 2e-3
        assert torch.cosine_similarity(a.double().flatten(), b.flatten(), 0) > 0.9999


def test_small_triangles_count_by_their_sides():
    triangle = torch.tensor([[[0.0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]]])
    point = torch.tensor([[0.03, 0.03, 1.0]])
    first = torch.zeros(1, dtype=torch.int64)
    above = hull_distance(point, first, triangle, first, 0.0, True)
    beside = hull_distance(point, first, triangle, first, 5e-3 * 1.01, True)
    torch.testing.assert_close(above, torch.tensor([1.0]))
    torch.testing.assert_close(beside, torch.tensor([1.0008]))


def test_nothing_on_the_other_side_gives_zero():
    points = torch.rand(5, 3, requires_grad=True)
    dists = hull_distance(points, torch.tensor([0, 2]), torch.rand(3, 3, 3), torch.tensor([0, 3]), 0.0, True)
    assert (dists[2:] == 0).all()
    grad = torch.autograd.grad(dists.sum(), points)[0]
    assert (grad[2:] == 0).all()
    assert (grad[:2] != 0).any()


def test_keeps_the_dtype_of_the_points():
    first = torch.zeros(1, dtype=torch.int64)
    dists = hull_distance(torch.rand(5, 3).double(), first, torch.rand(3, 3, 3).double(), first, 0.0, True)
    assert dists.dtype == torch.float64


@pytest.mark.parametrize("scale", [1e-15, 1e-6, 1e6, 1e15])
def test_any_scale(scale):
    points, hulls = torch.rand(40, 3), torch.rand(30, 3, 3)
    first = torch.tensor([0])
    dists = hull_distance(points * scale, first, hulls * scale, first, 0.0, True)
    expected = hull_distance(points, first, hulls, first, 0.0, True)
    torch.testing.assert_close(dists / scale**2, expected, rtol=1e-3, atol=1e-6)


def test_what_is_no_number_has_no_distance():
    points, hulls, first = torch.rand(3, 3), torch.rand(4, 3, 3), torch.tensor([0])
    points[1] = torch.nan
    dists = hull_distance(points, first, hulls, first, 0.0, True)
    assert dists.isnan().tolist() == [False, True, False]
    assert hull_distance(points * torch.inf, first, hulls, first, 0.0, False).shape == (4,)


@pytest.mark.parametrize(
    ("points_first", "hulls_first"),
    [([0], [0, 2]), ([1], [0]), ([0], [-5]), ([0, 9], [0, 2]), ([0, 3, 2], [0, 1, 2]), ([], [])],
)
def test_clouds_that_begin_nowhere_are_refused(points_first, hulls_first):
    starts = (torch.tensor(first, dtype=torch.int64) for first in (points_first, hulls_first))
    with pytest.raises(ValueError, match=r"clouds|begin"):
        hull_distance(torch.rand(4, 3), next(starts), torch.rand(4, 3, 3), next(starts), 0.0, True)
