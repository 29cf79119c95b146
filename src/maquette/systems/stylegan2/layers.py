"""Layers of StyleGAN2: equalised learning rates, leaky rectifiers with gain, the deviation over a batch."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import conv2d, leaky_relu, linear

from .convolution import down_conv
from .filters import BINOMIAL, fir_filter

SLOPE = 0.2
LEAKY_GAIN = math.sqrt(2.0)  # keeps the variance of what passes a leaky rectifier
_EPS = 1e-8


def normalised(x: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
    """Vectors whose mean square is 1."""
    return x * (x.square().mean(1, keepdim=True) + _EPS).rsqrt()


def leaky(x: Float[Tensor, "*all"], clamp: float = 0.0) -> Float[Tensor, "*all"]:
    """leaky_relu(x, 0.2), within [-clamp, clamp] where there is a clamp.

    What comes in has been multiplied by `LEAKY_GAIN`, which is the same as doing so behind it.
    """
    return clamped(leaky_relu(x, SLOPE), clamp)


def laid_out(x: Float[Tensor, "batch channel height width"]) -> Float[Tensor, "batch channel height width"]:
    """The same, channels last on a CPU: a sixth less time for all that follows, with few channels."""
    return x.contiguous(memory_format=torch.channels_last) if x.device.type == "cpu" else x


def clamped(x: Float[Tensor, "*all"], most: float) -> Float[Tensor, "*all"]:
    """Values within [-most, most]; as they are where that is 0."""
    return x.clamp(-most, most) if most else x


def batch_deviation(
    x: Float[Tensor, "batch channel height width"], group: int = 4, features: int = 1
) -> Float[Tensor, "batch _channel height width"]:
    """Features with maps behind them that say how much pictures of a group differ (Karras et al., ICLR 2018, 3).

    Of n pictures the k-th group is k, k + n/group, k + 2 n/group and so on: the deviation over the group, averaged
    over channels and pixels, is the value of the map.

    Args:
        x: features.
        group: pictures of a group; 0, or more than there are, for all of them.
        features: maps, each of as many channels.

    Raises:
        ValueError: a batch that has no equal groups.
    """
    batch, channels, height, width = x.shape
    group = min(group or batch, batch)
    if batch % group:
        raise ValueError(f"a batch of {batch} has no equal groups of {group}")
    parts = x.view(group, batch // group, features, channels // features, height, width)
    deviation = (parts - parts.mean(0)).square().mean(0).add(_EPS).sqrt().mean((2, 3, 4))
    maps = deviation.repeat(group, 1)[:, :, None, None].expand(-1, -1, height, width)
    return torch.cat([x, maps], 1)


class Dense(nn.Module):
    """A fully connected layer; weights are kept with deviation 1 / rate and scaled when used.

    Args:
        inputs: numbers that come in.
        outputs: numbers that it gives.
        rate: factor of the learning rate of its parameters.
        bias: first value of what is added.
        rectify: whether a leaky rectifier follows.
    """

    def __init__(
        self, inputs: int, outputs: int, rate: float = 1.0, bias: float = 0.0, rectify: bool = False
    ) -> None:
        super().__init__()
        self.rate, self.rectify = rate, rectify
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias))

    def forward(self, x: Float[Tensor, "batch inputs"]) -> Float[Tensor, "batch outputs"]:
        """Apply it."""
        gain = self.rate * (LEAKY_GAIN if self.rectify else 1.0)
        made = linear(x, self.weight * (gain / math.sqrt(self.weight.shape[1])), self.bias * gain)
        return leaky(made) if self.rectify else made


class Conv(nn.Module):
    """A convolution of the discriminator, with equalised learning rate.

    Args:
        inputs: channels that come in.
        outputs: channels that it gives.
        kernel: taps along an axis, an odd number.
        down: whether it halves the size.
        plain: neither adds nor rectifies.
        clamp: largest absolute value of results; 0 for none.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        down: bool = False,
        plain: bool = False,
        clamp: float = 0.0,
    ) -> None:
        super().__init__()
        self.down, self.clamp = down, clamp
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = None if plain else nn.Parameter(torch.zeros(outputs))

    def forward(
        self, x: Float[Tensor, "batch inputs height width"], gain: float = 1.0
    ) -> Float[Tensor, "batch outputs _height _width"]:
        """Apply it; `gain` is a factor of the result, and of the clamp."""
        factor = gain if self.bias is None else gain * LEAKY_GAIN
        weight = self.weight * (factor / math.sqrt(self.weight[0].numel()))
        bias = None if self.bias is None else self.bias * factor
        if self.down:
            made = down_conv(x, weight, fir_filter(BINOMIAL, x), bias)
        else:
            made = conv2d(x, weight, bias, padding=weight.shape[-1] // 2)
        return made if self.bias is None else leaky(made, self.clamp * gain)
