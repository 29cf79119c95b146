"""Pictures to codes and back: sizes, channels, and what is refused."""

import pytest
import torch
from torch import nn

from maquette.nn.picture_code import doubled, from_code, level_channels, refined, to_code


@pytest.mark.parametrize(
    ("size", "channels"),
    [(8, (16,)), (32, (16, 32, 64)), (64, (16, 32, 64, 128)), (256, (16, 32, 64, 128, 128, 128))],
)
def test_channels_double_three_times_at_most(size, channels):
    assert level_channels(size, 16) == channels


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("smooth", [True, False])
def test_a_picture_becomes_a_code_and_features_of_half_its_size(size, smooth):
    channels = level_channels(size, 8)
    down = nn.Sequential(*to_code(channels, 12, normalised=True, slope=0.2))
    code = down(torch.rand(2, 3, size, size))
    assert code.shape == (2, 12, 1, 1)
    assert (code >= 0).all()
    back = nn.Sequential(*from_code(channels, 12, smooth))
    assert back(code).shape == (2, 8, size // 2, size // 2)


def test_only_the_last_halving_is_not_normalised():
    layers = to_code(level_channels(64, 8), 12, normalised=True)
    assert [type(layer).__name__ for layer in layers].count("GroupNorm") == 3
    assert not isinstance(layers[-4], nn.GroupNorm)
    assert not any(isinstance(layer, nn.GroupNorm) for layer in to_code(level_channels(64, 8), 12))


def test_nothing_has_a_bias_but_the_normalisations():
    layers = [*doubled(16, 8), *refined(8, 5), *from_code((8, 16), 4)]
    assert all(layer.bias is None for layer in layers if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d))
    assert nn.Sequential(*doubled(16, 8), *refined(8, 5))(torch.rand(1, 16, 5, 5)).shape == (1, 8, 10, 10)


@pytest.mark.parametrize(
    ("size", "width", "says"), [(48, 16, "power of two"), (4, 16, "at least 8"), (64, 6, "multiple of 4")]
)
def test_other_sizes_and_widths_are_refused(size, width, says):
    with pytest.raises(ValueError, match=says):
        level_channels(size, width)
