import itertools
import math
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.transforms import (
    axis_angle_to_matrix,
    axis_angle_to_quaternion,
    euler_angles_to_matrix,
    matrix_to_axis_angle,
    matrix_to_euler_angles,
    matrix_to_quaternion,
    matrix_to_rotation_6d,
    quaternion_apply,
    quaternion_invert,
    quaternion_multiply,
    quaternion_raw_multiply,
    quaternion_to_axis_angle,
    quaternion_to_matrix,
    random_quaternions,
    random_rotation,
    random_rotations,
    rotation_6d_to_matrix,
    standardize_quaternion,
)
from maquette.transforms.so3 import hat

LETTERS = ["".join(c) for c in itertools.product("XYZ", repeat=3) if c[0] != c[1] != c[2]]
ANGLES = st.one_of(st.sampled_from([0.0, math.pi / 2, math.pi, -math.pi]), st.floats(-10, 10))
VECTORS = st.lists(ANGLES, min_size=3, max_size=3).map(lambda v: torch.tensor([v], dtype=torch.float64))


def close(a, b, atol=1e-9):
    torch.testing.assert_close(a, b, atol=atol, rtol=0)


@settings(max_examples=100, deadline=None)
@given(VECTORS)
def test_axis_angle_is_the_matrix_exponential(vector):
    close(axis_angle_to_matrix(vector), torch.matrix_exp(hat(vector)))
    close(quaternion_to_matrix(axis_angle_to_quaternion(vector)), torch.matrix_exp(hat(vector)))


@settings(max_examples=100, deadline=None)
@given(VECTORS)
def test_all_ways_back_give_the_same_matrix(vector):
    matrix = axis_angle_to_matrix(vector)
    close(axis_angle_to_matrix(matrix_to_axis_angle(matrix)), matrix)
    close(quaternion_to_matrix(matrix_to_quaternion(matrix)), matrix)
    close(rotation_6d_to_matrix(matrix_to_rotation_6d(matrix)), matrix)
    assert matrix_to_axis_angle(matrix).norm() <= math.pi + 1e-9
    assert (matrix_to_quaternion(matrix)[..., 0] >= 0).all()


@pytest.mark.parametrize("convention", LETTERS)
def test_euler_angles_multiply_to_the_matrix(convention):
    angles = (torch.rand(50, 3, dtype=torch.float64) - 0.5) * 2 * math.pi
    matrix = euler_angles_to_matrix(angles, convention)
    found = matrix_to_euler_angles(matrix, convention)
    close(euler_angles_to_matrix(found, convention), matrix)
    low, high = (-math.pi / 2, math.pi / 2) if convention[0] != convention[2] else (0, math.pi)
    assert ((found[:, 1] >= low - 1e-9) & (found[:, 1] <= high + 1e-9)).all()
    parts = [
        torch.eye(3, dtype=torch.float64)["XYZ".index(c)] * a
        for c, a in zip(convention, angles[0], strict=True)
    ]
    product = axis_angle_to_matrix(parts[0]) @ axis_angle_to_matrix(parts[1]) @ axis_angle_to_matrix(parts[2])
    close(matrix[0], product)


@pytest.mark.parametrize("convention", LETTERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_euler_angles_in_gimbal_lock(convention, dtype):
    lock = (math.pi / 2, -math.pi / 2) if convention[0] != convention[2] else (0.0, math.pi)
    for middle in lock:
        matrix = euler_angles_to_matrix(torch.tensor([0.4, middle, 1.1], dtype=dtype), convention)
        matrix.requires_grad_()
        found = matrix_to_euler_angles(matrix, convention)
        torch.testing.assert_close(euler_angles_to_matrix(found, convention), matrix, atol=1e-6, rtol=0)
        (grad,) = torch.autograd.grad(found.sum(), matrix)
        assert grad.isfinite().all()


def test_euler_angles_refuse_what_they_cannot_read():
    for convention in ("YX", "XYY", "XXY", "XYW"):
        with pytest.raises(ValueError, match="onvention"):
            matrix_to_euler_angles(torch.eye(3), convention)
    with pytest.raises(ValueError, match="euler"):
        euler_angles_to_matrix(torch.zeros(2), "XYZ")
    with pytest.raises(ValueError, match="shape"):
        matrix_to_quaternion(torch.zeros(4, 4))


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_quaternion_algebra(seed):
    torch.manual_seed(seed)
    a, b, c = random_quaternions(3, dtype=torch.float64)
    point = torch.randn(3, dtype=torch.float64)
    close(
        quaternion_raw_multiply(quaternion_raw_multiply(a, b), c),
        quaternion_raw_multiply(a, quaternion_raw_multiply(b, c)),
    )
    close(quaternion_multiply(a, quaternion_invert(a)), torch.tensor([1.0, 0, 0, 0], dtype=torch.float64))
    close(quaternion_to_matrix(quaternion_multiply(a, b)), quaternion_to_matrix(a) @ quaternion_to_matrix(b))
    close(quaternion_apply(a, quaternion_apply(b, point)), quaternion_apply(quaternion_multiply(a, b), point))
    close(quaternion_apply(a, point), quaternion_to_matrix(a) @ point)
    close(quaternion_to_matrix(-3 * a), quaternion_to_matrix(a))
    close(standardize_quaternion(-a), a)


def test_hamilton():
    one, i, j, k = torch.eye(4)
    assert torch.equal(quaternion_raw_multiply(i, j), k)
    assert torch.equal(quaternion_raw_multiply(j, k), i)
    assert torch.equal(quaternion_raw_multiply(i, i), -one)


def test_batches_broadcast():
    points, quaternions = torch.rand(5, 1, 3), random_quaternions(4)
    assert quaternion_apply(quaternions, points).shape == (5, 4, 3)
    assert quaternion_multiply(quaternions[:, None], quaternions).shape == (4, 4, 4)
    assert matrix_to_axis_angle(random_rotations(6).view(2, 3, 3, 3)).shape == (2, 3, 3)
    with pytest.raises(ValueError, match="3D"):
        quaternion_apply(quaternions, torch.rand(4, 2))


def test_angle_pi_about_every_axis():
    axes = torch.cat((torch.eye(3), -torch.eye(3), torch.nn.functional.normalize(torch.randn(20, 3))))
    vectors = (math.pi * axes).requires_grad_()
    matrix = axis_angle_to_matrix(vectors)
    found = matrix_to_axis_angle(matrix)
    torch.testing.assert_close(found.norm(dim=1), torch.full((26,), math.pi))
    torch.testing.assert_close(axis_angle_to_matrix(found), matrix, atol=1e-5, rtol=0)
    (grad,) = torch.autograd.grad(found.sum(), vectors)
    assert grad.isfinite().all()


@pytest.mark.parametrize("size", [0.0, 1e-30, 1e-12, 1e-6, 1e-3])
def test_gradients_near_no_rotation(size):
    vector = torch.full((1, 3), size).requires_grad_()
    for found in (
        matrix_to_axis_angle(axis_angle_to_matrix(vector)),
        quaternion_to_axis_angle(axis_angle_to_quaternion(vector)),
    ):
        torch.testing.assert_close(found, vector, atol=1e-7, rtol=1e-3)
        (grad,) = torch.autograd.grad(found[0, 0], vector)
        torch.testing.assert_close(grad, torch.tensor([[1.0, 0, 0]]), atol=1e-2, rtol=0)


def test_zero_quaternion_is_no_rotation():
    zero = torch.zeros(4, requires_grad=True)
    total = quaternion_to_matrix(zero).sum() + quaternion_to_axis_angle(zero).sum()
    assert total == 3
    assert torch.autograd.grad(total, zero)[0].isfinite().all()


def test_random_rotations_are_rotations():
    torch.testing.assert_close(torch.det(random_rotations(10)), torch.ones(10))
    assert random_rotation(dtype=torch.float64).dtype == torch.float64
    spread = random_rotations(4000).mean(dim=0)
    assert spread.abs().max() < 0.05


def test_conversions_can_be_scripted():
    """In a process of its own, without the checks of annotations, which cannot be scripted."""
    names = """axis_angle_to_matrix, axis_angle_to_quaternion, euler_angles_to_matrix, matrix_to_axis_angle,
        matrix_to_euler_angles, matrix_to_quaternion, matrix_to_rotation_6d, quaternion_apply, quaternion_multiply,
        quaternion_to_axis_angle, quaternion_to_matrix, random_quaternions, random_rotation, random_rotations,
        rotation_6d_to_matrix, so3_exp_map""".replace("\n", "")
    script = f"import torch; from maquette.transforms import {names}\nfor f in ({names}): torch.jit.script(f)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
