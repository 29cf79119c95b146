import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.transforms import (
    acos_linear_extrapolation,
    hat,
    hat_inv,
    random_rotations,
    se3_exp_map,
    se3_log_map,
    so3_exp_map,
    so3_exponential_map,
    so3_log_map,
    so3_relative_angle,
    so3_rotation_angle,
)

NUMBERS = st.one_of(st.just(0.0), st.floats(-1.7, 1.7))
TWISTS = st.lists(NUMBERS, min_size=6, max_size=6).map(lambda v: torch.tensor([v], dtype=torch.float64))


@settings(max_examples=150, deadline=None)
@given(TWISTS)
def test_logarithm_undoes_exponential(twist):
    torch.testing.assert_close(se3_log_map(se3_exp_map(twist)), twist, atol=1e-8, rtol=0)
    torch.testing.assert_close(so3_log_map(so3_exp_map(twist[:, 3:])), twist[:, 3:], atol=1e-8, rtol=0)


@settings(max_examples=50, deadline=None)
@given(TWISTS)
def test_rigid_exponential_is_the_matrix_exponential(twist):
    tangent = torch.zeros(1, 4, 4, dtype=torch.float64)
    tangent[:, :3, :3], tangent[:, :3, 3] = hat(twist[:, 3:]), twist[:, :3]
    torch.testing.assert_close(se3_exp_map(twist), torch.matrix_exp(tangent).mT, atol=1e-10, rtol=0)


@pytest.mark.parametrize("angle", [0.0, 1e-8, 1e-3, 0.499999, 0.500001, 3.0, math.pi])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_are_finite_and_right(angle, dtype):
    twist = torch.tensor([[0.3, -0.2, 0.5, angle, 0.0, 0.0]], dtype=dtype, requires_grad=True)
    back = se3_log_map(se3_exp_map(twist))
    jacobian = torch.autograd.functional.jacobian(lambda t: se3_log_map(se3_exp_map(t)), twist)
    assert jacobian.isfinite().all()
    if angle < 3.1:
        torch.testing.assert_close(back, twist, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(jacobian[0, :, 0], torch.eye(6, dtype=dtype), atol=2e-3, rtol=0)


def test_angles():
    angles = torch.linspace(0.1, 3.0, 7)
    rotations = so3_exp_map(angles[:, None] * torch.tensor([[0.0, 0.6, 0.8]]))
    torch.testing.assert_close(so3_rotation_angle(rotations), angles)
    torch.testing.assert_close(so3_rotation_angle(rotations, cos_angle=True), angles.cos())
    others = random_rotations(7)
    torch.testing.assert_close(so3_relative_angle(rotations @ others, others), angles, atol=1e-4, rtol=0)
    identity = torch.eye(3)[None].requires_grad_()
    assert torch.autograd.grad(so3_rotation_angle(identity).sum(), identity)[0].isfinite().all()


def test_hat():
    a, b = torch.randn(2, 5, 3)
    torch.testing.assert_close((hat(a) @ b[:, :, None])[:, :, 0], torch.linalg.cross(a, b))
    torch.testing.assert_close(hat_inv(hat(a)), a)


def test_errors():
    for wrong in (torch.zeros(4), torch.zeros(4, 4)):
        with pytest.raises(ValueError, match="Nx3"):
            so3_exp_map(wrong)
        with pytest.raises(ValueError, match="3-dimensional"):
            hat(wrong)
        with pytest.raises(ValueError, match="shape"):
            se3_exp_map(wrong)
        with pytest.raises(ValueError, match="shape"):
            se3_log_map(wrong)
    with pytest.raises(ValueError, match="skew"):
        hat_inv(torch.ones(1, 3, 3))
    with pytest.raises(ValueError, match="trace"):
        so3_rotation_angle(2 * torch.eye(3)[None])
    with pytest.raises(ValueError, match="should be 0"):
        se3_log_map(torch.ones(1, 4, 4))
    with pytest.warns(PendingDeprecationWarning, match="so3_exp_map"):
        so3_exponential_map(torch.zeros(1, 3))


def test_arc_cosine_continues_along_its_tangents():
    x = torch.linspace(-1.5, 1.5, 31, dtype=torch.float64, requires_grad=True)
    y = acos_linear_extrapolation(x, (-0.9, 0.9))
    inside = x.abs() < 0.9
    torch.testing.assert_close(y[inside], x[inside].acos())
    slope = torch.autograd.grad(y.sum(), x)[0]
    torch.testing.assert_close(slope[~inside], torch.full_like(slope[~inside], -1 / math.sqrt(1 - 0.81)))
    torch.testing.assert_close(y[0], math.acos(-0.9) + slope[0] * (x[0] + 0.9))
    for bounds in ((0.5, -0.5), (-1.0, 0.5), (0.0, 1.0)):
        with pytest.raises(ValueError, match="bound"):
            acos_linear_extrapolation(x, bounds)
