"""Convolutions of StyleGAN2 against twins that are written out."""

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import conv2d

from maquette.systems.stylegan2.convolution import down_conv, modulated_conv, up_conv
from maquette.systems.stylegan2.filters import BINOMIAL, fir_filter, upfirdn

DOUBLE = torch.float64


def drawn(*shapes, seed=0):
    draw = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, dtype=DOUBLE, generator=draw) for shape in shapes]


def test_up_is_zeros_between_samples_then_a_true_convolution_then_the_filter():
    x, weight = drawn((2, 3, 5, 5), (4, 3, 3, 3))
    taps = fir_filter(BINOMIAL, x)
    spread = torch.zeros(2, 3, 10, 10, dtype=DOUBLE)
    spread[:, :, ::2, ::2] = x
    wide = conv2d(spread, weight.flip(2, 3), padding=2)[..., :-1, :-1]
    torch.testing.assert_close(up_conv(x, weight, taps), upfirdn(wide, taps, padding=1, gain=4.0))


@pytest.mark.parametrize("kernel", [1, 3])
def test_down_is_the_filter_then_every_second_sample_of_a_correlation(kernel):
    x, weight = drawn((2, 3, 8, 8), (4, 3, kernel, kernel))
    taps = fir_filter(BINOMIAL, x)
    soft = upfirdn(x, taps, padding=kernel // 2 + 1)
    expected = conv2d(soft, weight)[..., ::2, ::2]
    made = down_conv(x, weight, taps)
    assert made.shape == (2, 4, 4, 4)
    torch.testing.assert_close(made, expected[..., :4, :4])


@pytest.mark.parametrize("demodulate", [True, False])
def test_each_sample_is_convolved_with_weights_of_its_own(demodulate):
    x, weight, styles = drawn((3, 4, 6, 6), (5, 4, 3, 3), (3, 4))
    made = modulated_conv(x, weight, styles, demodulate)
    for k in range(3):
        own = weight * styles[k][None, :, None, None]
        if demodulate:
            own = own / (own.square().sum((1, 2, 3), keepdim=True) + 1e-8).sqrt()
        torch.testing.assert_close(made[k : k + 1], conv2d(x[k : k + 1], own, padding=1))


def test_demodulation_undoes_the_size_of_weights_and_styles():
    x, weight, styles = drawn((2, 4, 6, 6), (5, 4, 3, 3), (2, 4))
    once, again = modulated_conv(x, weight, styles), modulated_conv(x, 7 * weight, 3 * styles)
    torch.testing.assert_close(again, once, rtol=1e-6, atol=1e-8)


def test_gradients_and_theirs():
    x, weight, styles = (v.requires_grad_() for v in drawn((2, 2, 3, 3), (2, 2, 3, 3), (2, 2), seed=3))

    def up(x, weight, styles):
        return modulated_conv(x, weight, styles, up=fir_filter(BINOMIAL, x))

    assert gradcheck(up, (x, weight, styles))
    assert gradgradcheck(up, (x, weight, styles))
