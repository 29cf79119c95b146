"""Pictures to codes and back: sizes, channels, and what is refused."""

import pytest
import torch
from torch import nn

from maquette.nn.picture_code import doubled, from_code, level_channels, refined, start_smooth, to_code


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


def test_a_smooth_start_interpolates() -> None:
    """Nothing but the border differs from bilinear interpolation of the mixed channels."""
    torch.manual_seed(0)
    conv = doubled(6, 4)[0]
    assert isinstance(conv, nn.ConvTranspose2d)
    start_smooth(nn.Sequential(conv))
    x = torch.rand(2, 6, 5, 5)
    mix = 4 / 3 * conv.weight[:, :, 1, 1] / 0.75
    wanted = nn.functional.interpolate(
        torch.einsum("nihw,io->nohw", x, mix), scale_factor=2, mode="bilinear", align_corners=False
    )
    torch.testing.assert_close(conv(x)[..., 1:-1, 1:-1], wanted[..., 1:-1, 1:-1])
    assert conv.weight.std() > 0.05


def test_a_smooth_start_leaves_other_convolutions() -> None:
    layers = nn.Sequential(*from_code((8, 16), 12))
    before = {name: p.clone() for name, p in layers.named_parameters()}
    start_smooth(layers)
    changed = {name for name, p in layers.named_parameters() if not torch.equal(p, before[name])}
    doubling = [i for i, layer in enumerate(layers) if getattr(layer, "stride", None) == (2, 2)]
    assert changed == {f"{i}.weight" for i in doubling}
    assert len(changed) == 1
