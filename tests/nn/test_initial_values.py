"""Initial values of the published network."""

import pytest
from torch import nn

from maquette.nn.initial_values import init_averaged_fans


@pytest.mark.parametrize(
    ("layer", "fan"),
    [(nn.Linear(300, 500), 400), (nn.Conv2d(30, 50, 7), 40 * 49), (nn.Conv3d(64, 32, 3), 48 * 27)],
)
def test_deviation_and_bias(layer: nn.Module, fan: int) -> None:
    init_averaged_fans(nn.Sequential(layer))
    assert float(layer.weight.detach().std()) == pytest.approx((2 / fan) ** 0.5, rel=0.02)
    assert float(layer.weight.detach().mean()) == pytest.approx(0, abs=0.05 * (2 / fan) ** 0.5)
    assert (layer.bias == 0.1).all()


def test_layers_without_bias_and_other_layers() -> None:
    norm = nn.GroupNorm(2, 8)
    init_averaged_fans(nn.Sequential(nn.Linear(4, 8, bias=False), norm))
    assert (norm.weight == 1).all()
    assert (norm.bias == 0).all()
