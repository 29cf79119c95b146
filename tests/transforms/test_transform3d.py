import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.transforms import (
    Rotate,
    RotateAxisAngle,
    Scale,
    Transform3d,
    Translate,
    random_rotations,
    se3_exp_map,
)


def some_map(seed, batch=1):
    torch.manual_seed(seed)
    numbers = {"dtype": torch.float64}
    turn = Rotate(random_rotations(batch, **numbers), **numbers)
    return turn.translate(torch.randn(batch, 3, **numbers)).scale(torch.rand(batch, 3, **numbers) + 0.5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_composition_and_inverse(seed):
    a, b, c = (some_map(seed + i) for i in range(3))
    points = torch.randn(5, 3, dtype=torch.float64)
    one_by_one = c.transform_points(b.transform_points(a.transform_points(points)))
    torch.testing.assert_close(a.compose(b, c).transform_points(points), one_by_one)
    torch.testing.assert_close(a.compose(b).compose(c).get_matrix(), a.compose(b.compose(c)).get_matrix())
    whole = a.compose(b, c)
    for inverse in (whole.inverse(), whole.inverse(invert_composed=True)):
        torch.testing.assert_close(inverse.transform_points(one_by_one), points)
    torch.testing.assert_close(whole.inverse().inverse().get_matrix(), whole.get_matrix())


def test_known_values():
    points = torch.tensor([[1.0, 2.0, 3.0]])
    assert Translate(1, 2, 3).transform_points(points).tolist() == [[2, 4, 6]]
    assert Scale(2).transform_points(points).tolist() == [[2, 4, 6]]
    assert Scale(1, 2, 3).transform_points(points).tolist() == [[1, 4, 9]]
    turned = RotateAxisAngle(90, "Z").transform_points(torch.tensor([[1.0, 0.0, 0.0]]))
    torch.testing.assert_close(turned, torch.tensor([[0.0, 1.0, 0.0]]))
    radians = RotateAxisAngle(torch.tensor(torch.pi / 2), "z", degrees=False)
    torch.testing.assert_close(radians.get_matrix(), RotateAxisAngle(90, "Z").get_matrix())


def test_one_map_works_with_any_batch():
    one, many = Transform3d().scale(2.0), Translate(torch.randn(4, 3))
    assert one.transform_points(torch.rand(5, 3)).shape == (5, 3)
    assert one.transform_points(torch.rand(6, 5, 3)).shape == (6, 5, 3)
    assert many.transform_points(torch.rand(5, 3)).shape == (4, 5, 3)
    assert many.transform_points(torch.rand(1, 5, 3)).shape == (4, 5, 3)
    assert len(one.compose(many)) == len(many.compose(one)) == 4
    assert len(one.stack(many, one)) == 6
    for shape in ((3, 5, 3), (5,), (1, 1, 5, 3)):
        with pytest.raises(ValueError, match="Expected"):
            many.transform_points(torch.rand(shape))


def test_normals_stay_across_tangents():
    transform = some_map(3, batch=2)
    a, b, c = torch.randn(3, 2, 7, 3, dtype=torch.float64)
    tangent = transform.transform_points(b) - transform.transform_points(a)
    normal = transform.transform_normals(torch.linalg.cross(b - a, c))
    torch.testing.assert_close((tangent * normal).sum(dim=-1), torch.zeros(2, 7, dtype=torch.float64))


def test_divisor_is_bounded():
    matrix = torch.eye(4)
    matrix[2, 3], matrix[3, 3] = 1.0, 0.0
    points = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, -1e-9], [1.0, 1.0, 2.0]], requires_grad=True)
    mapped = Transform3d(matrix=matrix).transform_points(points, eps=1e-2)
    torch.testing.assert_close(mapped[:, 0], torch.tensor([100.0, -100.0, 0.5]))
    assert torch.autograd.grad(mapped.sum(), points)[0].isfinite().all()


@pytest.mark.parametrize(
    "transform",
    [
        Translate(torch.randn(4, 3)),
        Scale(torch.rand(4, 3)),
        Rotate(random_rotations(4)),
        RotateAxisAngle(torch.arange(4.0)),
        some_map(0, batch=4),
    ],
)
def test_indices(transform):
    matrix = transform.get_matrix()
    mask = torch.tensor([True, False, False, True])
    for index, expected in (
        (2, matrix[2:3]),
        (-1, matrix[3:]),
        (slice(1, 3), matrix[1:3]),
        ([3, 0], matrix[[3, 0]]),
    ):
        torch.testing.assert_close(transform[index].get_matrix(), expected)
    torch.testing.assert_close(transform[mask].get_matrix(), matrix[mask])
    with pytest.raises(IndexError):
        transform[4]


def test_copies_and_types():
    transform = some_map(1)
    copy = transform.clone()
    copy._matrix.zero_()
    assert transform.get_matrix().abs().sum() > 0
    assert transform.to("cpu") is transform
    assert transform.to("cpu", copy=True) is not transform
    single = transform.to("cpu", dtype=torch.float32)
    assert single.get_matrix().dtype == torch.float32
    assert single.transform_points(torch.zeros(2, 3, dtype=torch.float64)).dtype == torch.float64


def test_autocast_keeps_the_precision_of_coordinates():
    points = torch.rand(10, 3)
    transform = some_map(2).to("cpu", dtype=torch.float32)
    expected = transform.transform_points(points)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(transform.transform_points(points), expected)


def test_gradients_reach_the_parameters():
    shift, factor = torch.randn(2, 3, dtype=torch.float64), torch.rand(2, dtype=torch.float64) + 1
    points = torch.randn(2, 4, 3, dtype=torch.float64)

    def mapped(shift, factor, points):
        return Transform3d(dtype=torch.float64).translate(shift).scale(factor).transform_points(points)

    inputs = [tensor.requires_grad_() for tensor in (shift, factor, points)]
    assert torch.autograd.gradcheck(mapped, inputs)


def test_logarithm():
    twist = torch.randn(3, 6) * 0.5
    transform = Transform3d(matrix=se3_exp_map(twist))
    torch.testing.assert_close(transform.get_se3_log(), twist, atol=1e-5, rtol=1e-5)


def test_errors(monkeypatch):
    with pytest.raises(ValueError, match="dimensional"):
        Transform3d(matrix=torch.eye(4)[None, None])
    with pytest.raises(ValueError, match="shape"):
        Transform3d(matrix=torch.eye(3))
    with pytest.raises(ValueError, match="compose"):
        Transform3d().compose(torch.eye(4))
    with pytest.raises(ValueError, match="Expected tensor of shape"):
        Translate(torch.zeros(3, 2))
    with pytest.raises(ValueError, match="None"):
        Translate(torch.zeros(3, 3), 1.0)
    with pytest.raises(ValueError, match="non-broadcastable"):
        Scale(torch.ones(2), torch.ones(3), 1.0)
    with pytest.raises(ValueError, match="R must have shape"):
        Rotate(torch.eye(4))
    with pytest.raises(ValueError, match="axis"):
        RotateAxisAngle(3, "W")
    with pytest.raises(ValueError, match="Expected tensor of shape"):
        RotateAxisAngle(torch.zeros(2, 2))
    monkeypatch.setenv("PYTORCH3D_CHECK_ROTATION_MATRICES", "1")
    Rotate(random_rotations(3))
    with pytest.warns(UserWarning, match="not a valid rotation"):
        Rotate(-torch.eye(3))
