import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.ops import corresponding_points_alignment, iterative_closest_point
from maquette.ops.points_alignment import SimilarityTransform
from maquette.structures import Pointclouds
from operator_contract import OperatorContract

X = torch.rand(2, 9, 3)


class TestCorrespondingPointsAlignment(OperatorContract):
    fast_gradcheck = True
    refused = {
        "same number of batches": lambda: corresponding_points_alignment(X, X[:, :5]),
        "weights should have": lambda: corresponding_points_alignment(X, X, torch.ones(2, 4)),
        "number of weights": lambda: corresponding_points_alignment(X, X, [torch.ones(9), torch.ones(4)]),
        "the same number": lambda: iterative_closest_point(X, X[:1]),
        "init_transform": lambda: iterative_closest_point(X, X, SimilarityTransform(X, X, X)),
    }

    def arguments(self, batch, dtype):
        return torch.randn(batch, 8, 3, dtype=dtype), torch.randn(batch, 8, 3, dtype=dtype)

    def call(self, x, y):
        return tuple(corresponding_points_alignment(x, y, estimate_scale=True))

    def shapes(self, batch):
        return [(batch, 3, 3), (batch, 3), (batch,)]


def random_rotations(batch: int, dim: int) -> torch.Tensor:
    rotation, _ = torch.linalg.qr(torch.randn(batch, dim, dim, dtype=torch.float64))
    rotation[:, :, 0] *= torch.linalg.det(rotation)[:, None]
    return rotation


@given(seed=st.integers(0, 1000), dim=st.sampled_from([2, 3, 5]), scale=st.floats(0.1, 10))
@settings(max_examples=25, deadline=None)
def test_recovers_the_transform(seed, dim, scale):
    torch.manual_seed(seed)
    x = torch.randn(3, 20, dim, dtype=torch.float64)
    R, T = random_rotations(3, dim), torch.randn(3, dim, dtype=torch.float64)
    y = scale * x @ R + T[:, None]
    found = corresponding_points_alignment(x, y, torch.rand(3, 20) + 0.1, estimate_scale=True)
    torch.testing.assert_close(found.R, R, rtol=0, atol=1e-6)
    torch.testing.assert_close(found.T, T, rtol=0, atol=1e-5)
    torch.testing.assert_close(found.s, torch.full((3,), scale, dtype=torch.float64), rtol=1e-6, atol=0)


def test_reflections_only_where_allowed():
    x = torch.randn(2, 30, 3)
    mirrored = x * torch.tensor([1.0, 1, -1])
    allowed = corresponding_points_alignment(x, mirrored, allow_reflection=True).R
    refused = corresponding_points_alignment(x, mirrored).R
    torch.testing.assert_close(
        allowed, torch.diag(torch.tensor([1.0, 1, -1])).expand(2, 3, 3), atol=1e-5, rtol=0
    )
    torch.testing.assert_close(torch.linalg.det(refused), torch.ones(2))


def test_no_nan_where_singular_values_coincide():
    axes = torch.cat([torch.eye(3), -torch.eye(3)])[None].requires_grad_()
    found = corresponding_points_alignment(axes, axes.detach(), estimate_scale=True)
    torch.testing.assert_close(found.R[0], torch.eye(3))
    grads = torch.autograd.grad(sum(t.sum() for t in found), axes)[0]
    assert torch.isfinite(grads).all()


def test_open_rotations_are_small_and_warned_about():
    one = torch.ones(1, 8, 3, requires_grad=True)
    with pytest.warns(UserWarning, match="low rank"):
        found = corresponding_points_alignment(one, one.detach() * 2)
    torch.testing.assert_close(found.R[0], torch.eye(3))
    assert torch.isfinite(torch.autograd.grad(found.T.sum(), one)[0]).all()
    with pytest.warns(UserWarning, match="size of one of the point clouds"):
        corresponding_points_alignment(torch.rand(1, 2, 3), torch.rand(1, 2, 3))


def test_clouds_of_different_sizes_as_one_batch():
    points = [torch.randn(n, 3) for n in (6, 15)]
    R = random_rotations(2, 3).float()
    x, y = Pointclouds(points), Pointclouds([p @ r for p, r in zip(points, R, strict=True)])
    torch.testing.assert_close(corresponding_points_alignment(x, y).R, R, rtol=0, atol=1e-5)
    weights = [torch.ones(6), torch.ones(15)]
    torch.testing.assert_close(corresponding_points_alignment(x, y, weights).R, R, rtol=0, atol=1e-5)


def test_icp_turns_a_cloud_back():
    x = torch.rand(2, 200, 3) * torch.tensor([1.0, 2, 3])
    angle = torch.tensor(0.1)
    R = torch.tensor([[angle.cos(), angle.sin(), 0], [-angle.sin(), angle.cos(), 0], [0, 0, 1.0]])
    y = x @ R + 0.02
    found = iterative_closest_point(x, y[:, torch.randperm(200)])
    assert found.converged
    torch.testing.assert_close(found.RTs.R, R.expand(2, 3, 3), rtol=0, atol=1e-4)
    torch.testing.assert_close(found.Xt, y, rtol=0, atol=1e-4)
    assert len(found.t_history) > 1
    again = iterative_closest_point(x, y, init_transform=found.RTs)
    assert len(again.t_history) <= 2
    same = iterative_closest_point(Pointclouds(x), Pointclouds(x))
    assert same.converged
    assert isinstance(same.Xt, Pointclouds)
    assert (same.rmse < 1e-6).all()
