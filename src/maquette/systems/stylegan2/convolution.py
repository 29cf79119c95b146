"""Convolutions that also change the resolution, and those whose weights a style scales."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d

from .filters import upfirdn

_EPS = 1e-8


def up_conv(
    x: Float[Tensor, "batch in_ch height width"],
    weight: Float[Tensor, "out_ch in_ch k k"],
    taps: Float[Tensor, "tap tap"],
) -> Float[Tensor, "batch out_ch _height _width"]:
    """Twice the size: convolve (not correlate) samples with zeros between them, then filter.

    Args:
        x: features.
        weight: of an odd kernel.
        taps: of the filter.
    """
    k, n = weight.shape[-1], len(taps)
    before, behind = k // 2 + (n + 1) // 2 - (k - 1), k // 2 + (n - 2) // 2 - (k - 2)
    wide = conv_transpose2d(x, weight.transpose(0, 1), stride=2)
    return upfirdn(wide, taps, padding=(before, behind, before, behind), gain=4.0)


def down_conv(
    x: Float[Tensor, "batch in_ch height width"],
    weight: Float[Tensor, "out_ch in_ch k k"],
    taps: Float[Tensor, "tap tap"],
) -> Float[Tensor, "batch out_ch _height _width"]:
    """Half the size: filter, then correlate and keep every second sample; arguments as for `up_conv`."""
    k, n = weight.shape[-1], len(taps)
    before, behind = k // 2 + (n - 1) // 2, k // 2 + (n - 2) // 2
    sides = (before, behind, before, behind)
    if k == 1:
        return conv2d(upfirdn(x, taps, down=2, padding=sides), weight)
    return conv2d(upfirdn(x, taps, padding=sides), weight, stride=2)


def modulated_conv(
    x: Float[Tensor, "batch in_ch height width"],
    weight: Float[Tensor, "out_ch in_ch k k"],
    styles: Float[Tensor, "batch in_ch"],
    demodulate: bool = True,
    up: Float[Tensor, "tap tap"] | None = None,
) -> Float[Tensor, "batch out_ch _height _width"]:
    """Convolve each sample with weights of its own (Karras et al., CVPR 2020, equations 1 and 3).

    w'_ijk = s_i w_ijk, and with demodulation w''_ijk = w'_ijk / sqrt(sum_ik w'_ijk^2 + 1e-8). Computed as the same
    convolution of scaled features, whose results are scaled: equal but for rounding, and one convolution a batch.

    Args:
        x: features.
        weight: of an odd kernel.
        styles: factor of each input channel.
        demodulate: whether results get their expected deviation back.
        up: filter with which the size is doubled (`up_conv`); None for the same size.
    """
    scaled = x * styles[:, :, None, None]
    if up is None:
        made = conv2d(scaled, weight, padding=weight.shape[-1] // 2)
    else:
        made = up_conv(scaled, weight, up)
    if not demodulate:
        return made
    power = styles.square() @ weight.square().sum((2, 3)).t()
    return made * torch.rsqrt(power + _EPS)[:, :, None, None]
