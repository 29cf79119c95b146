"""The transposed convolution is unpooling and a convolution, in values and gradients."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from maquette.nn.unpool_conv3d import UnpoolConv3d, UnpoolSkip3d, add_unpooled, unpool3d, unpool_conv3d


def error(found: Tensor, wanted: Tensor) -> float:
    """Length of the difference as a fraction of the length."""
    return float((found - wanted).detach().norm() / wanted.detach().norm())


def test_unpooling_puts_values_at_the_first_corner() -> None:
    x = torch.arange(1.0, 9.0).view(1, 1, 2, 2, 2)
    out = unpool3d(x)
    assert out.shape == (1, 1, 4, 4, 4)
    assert torch.equal(out[:, :, ::2, ::2, ::2], x)
    assert out.sum() == x.sum()


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last_3d])
@pytest.mark.parametrize(
    ("kernel", "sides"), [(1, (2, 3, 4)), (3, (1, 1, 1)), (3, (4, 2, 3)), (5, (3, 3, 3))]
)
def test_as_unpooling_and_convolution(kernel: int, sides: tuple[int, ...], memory_format) -> None:
    x = torch.randn(2, 3, *sides).contiguous(memory_format=memory_format).requires_grad_()
    weight = torch.randn(5, 3, kernel, kernel, kernel, requires_grad=True)
    bias = torch.randn(5, requires_grad=True)
    ours = unpool_conv3d(x, weight, bias)
    plain = F.conv3d(unpool3d(x), weight, bias, padding=kernel // 2)
    assert error(ours, plain) < 1e-5
    scale, given = torch.rand_like(plain), (x, weight, bias)
    for mine, theirs in zip(
        torch.autograd.grad((ours * scale).sum(), given),
        torch.autograd.grad((plain * scale).sum(), given),
        strict=True,
    ):
        assert error(mine, theirs) < 1e-5


def test_the_gradient_is_right() -> None:
    shapes = ((1, 2, 2, 2, 2), (3, 2, 3, 3, 3), (3,))
    given = [torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(unpool_conv3d, given)


def test_weights_are_those_of_the_ordinary_convolution() -> None:
    ours, ordinary = UnpoolConv3d(4, 6), torch.nn.Conv3d(4, 6, 3, padding=1)
    ours.load_state_dict(ordinary.state_dict())
    x = torch.randn(1, 4, 3, 3, 3)
    torch.testing.assert_close(ours(x), ordinary(unpool3d(x)), rtol=1e-5, atol=1e-5)


def test_a_sum_with_unpooled_values() -> None:
    y = torch.randn(2, 3, 4, 4, 4, dtype=torch.float64, requires_grad=True)
    x = torch.randn(2, 3, 2, 2, 2, dtype=torch.float64, requires_grad=True)
    bias = torch.randn(3, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(add_unpooled(y * 1, x), y + unpool3d(x))
    torch.testing.assert_close(add_unpooled(y * 1, x, bias), y + unpool3d(x) + bias.view(-1, 1, 1, 1))
    assert torch.autograd.gradcheck(lambda y, x, b: add_unpooled(y * 1, x, b), (y, x, bias))
    assert torch.autograd.gradcheck(lambda y, x: add_unpooled(y * 1, x), (y, x))


def test_a_skip_connection_around_unpooling() -> None:
    skip = UnpoolSkip3d(4, 3)
    x, y = torch.randn(2, 4, 2, 2, 2), torch.randn(2, 3, 4, 4, 4)
    plain = y + F.conv3d(unpool3d(x), skip.weight, skip.bias)
    torch.testing.assert_close(skip(x, y.clone()), plain, rtol=1e-5, atol=1e-5)
