"""Groups of eight channels, for any batch."""

import pytest
import torch
from torch import nn

from maquette.nn.normalisation import normalisation


@pytest.mark.parametrize(("channels", "groups"), [(8, 1), (24, 3), (256, 32), (12, 1)])
def test_groups(channels: int, groups: int) -> None:
    layer = normalisation("group", channels)
    assert isinstance(layer, nn.GroupNorm)
    assert layer.num_groups == groups
    out = layer(torch.randn(1, channels, 4, 4, 4) * 5 + 3).view(groups, -1)
    torch.testing.assert_close(out.mean(1), torch.zeros(groups), rtol=0, atol=1e-4)
    torch.testing.assert_close(out.std(1, correction=0), torch.ones(groups), rtol=0, atol=1e-3)


def test_none() -> None:
    x = torch.randn(2, 3)
    assert normalisation("none", 3)(x) is x
