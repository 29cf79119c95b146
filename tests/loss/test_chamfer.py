from pathlib import Path

import numpy as np
import torch

from maquette.loss import chamfer_distance
from maquette.structures import Pointclouds
from operator_contract import LossContract

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "points.npz")


class TestChamferDistance(LossContract):
    fast_gradcheck = True
    refused = {
        message: lambda args=args: chamfer_distance(torch.rand(2, 4, 3), **{"y": torch.rand(2, 4, 3), **args})
        for message, args in {
            "batch_reduction must": {"batch_reduction": "max"},
            "point_reduction must": {"point_reduction": "min"},
            "Batch reduction must be None": {"point_reduction": None},
            "1 or 2 norm": {"norm": 3},
            "Normals must be None": {"point_reduction": "max", "x_normals": torch.rand(2, 4, 3)},
            "lengths to be of shape": {"x_lengths": torch.tensor([4])},
            "too long": {"x_lengths": torch.tensor([4, 5])},
            "normals to be of shape": {"x_normals": torch.rand(4, 3)},
            "weights must be of shape": {"weights": torch.ones(3)},
            "weights cannot be negative": {"weights": -torch.ones(2)},
            "correct shape": {"y": torch.rand(2, 4, 2)},
            r"shape \(N, P, D\)": {"y": torch.rand(4, 3)},
            "Pointclouds objects": {"y": [1.0]},
        }.items()
    }

    def arguments(self, batch, dtype):
        clouds = (torch.randn(batch, count, 3, dtype=dtype) for count in (5, 7, 5, 7))
        return *clouds, torch.tensor([5, 2, 4])[:batch], torch.tensor([3, 7, 6])[:batch]

    def call(self, x, y, x_normals, y_normals, x_lengths, y_lengths):
        return chamfer_distance(x, y, x_lengths, y_lengths, x_normals, y_normals)

    def shapes(self, batch):
        return [(), ()]


def golden(name: str) -> torch.Tensor:
    return torch.from_numpy(GOLDEN[name])


def lengths() -> dict:
    return {"x_lengths": golden("x_lengths"), "y_lengths": golden("y_lengths")}


def test_stored_values_and_gradient():
    x = golden("x").requires_grad_()
    normals = {"x_normals": golden("x_normals"), "y_normals": golden("y_normals")}
    loss, loss_normals = chamfer_distance(x, golden("y"), **lengths(), **normals)
    torch.testing.assert_close(loss, golden("chamfer"), rtol=1e-5, atol=0)
    torch.testing.assert_close(loss_normals, golden("chamfer_normals"), rtol=1e-5, atol=0)
    grad = torch.autograd.grad(loss, x)[0]
    torch.testing.assert_close(grad, golden("chamfer_grad_x"), rtol=1e-4, atol=1e-8)


def test_stored_sum_of_absolute_differences():
    args = {"norm": 1, "point_reduction": "sum", "batch_reduction": "sum"}
    loss, _ = chamfer_distance(golden("x"), golden("y"), **args)
    ragged, _ = chamfer_distance(golden("x"), golden("y"), **lengths(), **args)
    errors = [abs(float(v / golden("chamfer_l1_sum")) - 1) for v in (loss, loss / 2, ragged, ragged / 2)]
    assert min(errors) < 1e-5


def test_reductions_follow_from_the_unreduced_values():
    x, y, weights = torch.rand(3, 8, 3), torch.rand(3, 12, 3), torch.tensor([1.0, 0.0, 3.0])
    size_x, size_y = torch.tensor([8, 3, 5]), torch.tensor([2, 12, 7])
    args = {"x_lengths": size_x, "y_lengths": size_y, "weights": weights}
    (a, b), normals = chamfer_distance(x, y, **args, batch_reduction=None, point_reduction=None)
    assert normals is None
    assert a.shape == (3, 8)
    assert b.shape == (3, 12)
    assert not a[1].any()
    assert not a[2, 5:].any()
    total = chamfer_distance(x, y, **args, batch_reduction=None, point_reduction="sum")[0]
    torch.testing.assert_close(total, a.sum(1) + b.sum(1))
    mean = chamfer_distance(x, y, **args)[0]
    torch.testing.assert_close(mean, (a.sum(1) / size_x + b.sum(1) / size_y).sum() / 4)
    hausdorff = chamfer_distance(x, y, **args, batch_reduction="sum", point_reduction="max")[0]
    torch.testing.assert_close(hausdorff, torch.maximum(a.amax(1), b.amax(1)).sum())
    one_way = chamfer_distance(
        x, y, **args, batch_reduction=None, point_reduction=None, single_directional=True
    )
    torch.testing.assert_close(one_way[0], a)


def test_normals_with_and_without_sign():
    x, n = torch.rand(1, 6, 3), torch.nn.functional.normalize(torch.rand(1, 6, 3), dim=-1)
    same = chamfer_distance(x, x, x_normals=n, y_normals=-n)[1]
    opposite = chamfer_distance(x, x, x_normals=n, y_normals=-n, abs_cosine=False)[1]
    torch.testing.assert_close(same, torch.tensor(0.0), atol=1e-6, rtol=0)
    torch.testing.assert_close(opposite, torch.tensor(4.0))


def test_point_clouds_bring_lengths_and_normals():
    points, normals = [torch.rand(4, 3), torch.rand(7, 3)], [torch.rand(4, 3), torch.rand(7, 3)]
    other = torch.rand(2, 5, 3)
    cloud = Pointclouds(points, normals=normals)
    from_cloud = chamfer_distance(cloud, other, y_normals=other)
    padded = cloud.points_padded(), cloud.normals_padded()
    from_tensor = chamfer_distance(
        padded[0], other, x_lengths=torch.tensor([4, 7]), x_normals=padded[1], y_normals=other
    )
    torch.testing.assert_close(from_cloud, from_tensor)


def test_no_nan_for_empty_clouds_zero_normals_and_zero_weights():
    x, y = torch.rand(2, 5, 3, requires_grad=True), torch.rand(2, 6, 3, requires_grad=True)
    zero = torch.zeros(2, 5, 3, requires_grad=True)
    for weights in (None, torch.zeros(2)):
        loss, angle = chamfer_distance(
            x,
            y,
            x_lengths=torch.tensor([0, 5]),
            y_lengths=torch.tensor([6, 0]),
            x_normals=zero,
            y_normals=y,
            weights=weights,
        )
        for grad in torch.autograd.grad(loss + angle, (x, y, zero), allow_unused=True):
            assert grad is None or torch.isfinite(grad).all()
