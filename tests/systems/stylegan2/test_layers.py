"""Layers of StyleGAN2."""

import math

import pytest
import torch

from maquette.systems.stylegan2.layers import Conv, Dense, batch_deviation, leaky, normalised


def test_normalised_vectors_have_a_mean_square_of_one():
    x = normalised(torch.randn(4, 7, dtype=torch.float64) * 5)
    torch.testing.assert_close(x.square().mean(1), torch.ones(4, dtype=torch.float64))


def test_leaky_has_slope_gain_and_clamp():
    x = torch.tensor([-10.0, -1.0, 1.0, 10.0])
    root = math.sqrt(2)
    torch.testing.assert_close(leaky(x), torch.tensor([-2 * root, -0.2 * root, root, 10 * root]))
    torch.testing.assert_close(leaky(x, 0.5, 3.0), torch.tensor([-root, -0.1 * root, 0.5 * root, 1.5]))


def test_equal_learning_rates():
    """Weights are kept with deviation 1 / rate, and what passes a layer keeps its variance."""
    torch.manual_seed(0)
    layer = Dense(256, 256, rate=0.01)
    assert float(layer.weight.detach().std()) == pytest.approx(100, rel=0.02)
    assert float(layer(torch.randn(64, 256)).detach().std()) == pytest.approx(1, rel=0.05)
    made = Conv(64, 64, 3, plain=True)(torch.randn(4, 64, 12, 12)).detach()
    assert float(made[..., 1:-1, 1:-1].std()) == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("group", [2, 4, 0, 99])
def test_deviation_of_groups(group):
    x = torch.randn(8, 3, 4, 4, dtype=torch.float64)
    made = batch_deviation(x, group)
    torch.testing.assert_close(made[:, :3], x)
    apart = 8 // min(group or 8, 8)
    for k in range(8):
        members = x[k % apart :: apart]
        expected = (members.var(0, correction=0) + 1e-8).sqrt().mean()
        torch.testing.assert_close(made[k, 3], expected.expand(4, 4))


def test_deviation_needs_equal_groups():
    with pytest.raises(ValueError, match="a batch of 6 has no equal groups of 4"):
        batch_deviation(torch.zeros(6, 1, 4, 4), 4)
