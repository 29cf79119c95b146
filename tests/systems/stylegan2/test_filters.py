"""Filters against sums written out, and what they keep."""

import pytest
import torch
from torch.autograd import gradcheck

from maquette.systems.stylegan2.filters import BINOMIAL, downsample, fir_filter, upfirdn, upsample


def twin(x, taps, up, down, padding, flip, gain):
    """Every output sample as a sum over all input samples."""
    (ux, uy), (dx, dy), (left, right, top, bottom) = up, down, padding
    batch, channels, height, width = x.shape
    rows, columns = taps.shape
    high, wide = height * uy + top + bottom, width * ux + left + right
    taps = taps if flip else taps.flip(0, 1)

    def at(b, c, i, j):
        i, j = i - top, j - left
        inside = 0 <= i < height * uy and 0 <= j < width * ux and i % uy == j % ux == 0
        return x[b, c, i // uy, j // ux] if inside else 0.0

    made = torch.zeros(batch, channels, (high - rows) // dy + 1, (wide - columns) // dx + 1, dtype=x.dtype)
    for b, c, i, j in torch.cartesian_prod(*(torch.arange(n) for n in made.shape)).tolist():
        made[b, c, i, j] = gain * sum(
            taps[k, m] * at(b, c, i * dy + k, j * dx + m) for k in range(rows) for m in range(columns)
        )
    return made


@pytest.mark.parametrize(
    ("up", "down", "padding", "flip"),
    [
        ((1, 1), (1, 1), (0, 0, 0, 0), False),
        ((2, 2), (1, 1), (2, 1, 2, 1), False),
        ((1, 1), (2, 2), (1, 1, 1, 1), False),
        ((2, 1), (1, 3), (0, 2, 1, 0), True),
        ((2, 3), (3, 2), (-1, 2, 3, -2), False),
    ],
)
def test_it_is_the_sum_that_it_says(up, down, padding, flip):
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(2, 2, 5, 4, dtype=torch.float64, generator=draw)
    taps = torch.randn(3, 2, dtype=torch.float64, generator=draw)
    made = upfirdn(x, taps, up, down, padding, flip, 1.7)
    torch.testing.assert_close(made, twin(x, taps, up, down, padding, flip, 1.7))


def test_taps_of_one_axis_stand_for_both():
    draw = torch.Generator().manual_seed(1)
    x, taps = (torch.randn(shape, dtype=torch.float64, generator=draw) for shape in ((1, 2, 7, 6), (4,)))
    options = {"up": 2, "down": 3, "padding": (1, 4, -1, 2), "gain": 2.0}
    torch.testing.assert_close(upfirdn(x, taps, **options), upfirdn(x, taps.outer(taps), **options))


def test_a_constant_stays_what_it_is_when_it_is_scaled():
    x = torch.full((1, 3, 8, 8), 0.7, dtype=torch.float64)
    taps = fir_filter(BINOMIAL, x)
    torch.testing.assert_close(taps.sum(), x.new_tensor(1.0))
    up, down = upsample(x, taps), downsample(x, taps)
    assert (up.shape, down.shape) == ((1, 3, 16, 16), (1, 3, 4, 4))
    torch.testing.assert_close(up[..., 2:-2, 2:-2], torch.full_like(up[..., 2:-2, 2:-2], 0.7))
    torch.testing.assert_close(down[..., 1:-1, 1:-1], torch.full_like(down[..., 1:-1, 1:-1], 0.7))


def test_gradients():
    x = torch.randn(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda x: upsample(x, fir_filter(BINOMIAL, x)), x)
