"""`ViewpointNetwork`: a picture of one object to distributions of its azimuth and elevation."""

from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import softplus

from ...nn.picture_code import level_channels
from .config import NetworkConfig

_HIDDEN = 128
_LAST = 4  # pixels a side that are left
_STRENGTH = 8.0  # from numbers around 1 to concentrations
_FINEST = 0.01  # radians: no elevation is surer


class Told(NamedTuple):
    """What the network says of pictures.

    Attributes:
        logits: of the weights of the azimuth's modes.
        directions: of the modes: angle and concentration (`von_mises`).
        elevation: mean and standard deviation of a normal distribution, radians.
    """

    logits: Float[Tensor, "picture mode"]
    directions: Float[Tensor, "picture mode 2"]
    elevation: Float[Tensor, "picture 2"]


class ViewpointNetwork(nn.Module):
    """Convolutions of 3 x 3 that halve the picture to 4 x 4, each but the first with another one, and a hidden layer.

    Batch normalisation and a ReLU behind every convolution. Nothing is pooled, so that it is known to the end where
    things are in the picture.

    Args:
        config: how large.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        channels = level_channels(config.size, config.width)
        layers = _normed(3, channels[0], 2)
        for before, after in pairwise(channels):
            layers += [*_normed(before, after, 2), *_normed(after, after, 1)]
        self.features = nn.Sequential(*layers)
        self.hidden = nn.Linear(channels[-1] * _LAST**2, _HIDDEN)
        self.azimuth = nn.Linear(_HIDDEN, 3 * config.modes)
        self.elevation = nn.Linear(_HIDDEN, 2)

    def forward(self, images: Float[Tensor, "picture 3 size size"]) -> Told:
        """Distributions, in float32.

        Args:
            images: RGB in [0, 1].
        """
        x = 2 * images - 1
        if x.device.type == "cpu":  # two thirds of the time
            x = x.contiguous(memory_format=torch.channels_last)
        hidden = self.hidden(self.features(x).flatten(1)).relu()
        logits, directions = self.azimuth(hidden).float().split([self.config.modes, 2 * self.config.modes], 1)
        mean, spread = self.elevation(hidden).float().unbind(1)
        return Told(
            logits,
            _STRENGTH * directions.unflatten(1, (-1, 2)),
            torch.stack([mean, _FINEST + softplus(spread)], dim=1),
        )


def _normed(before: int, after: int, stride: int) -> list[nn.Module]:
    conv = nn.Conv2d(before, after, 3, stride, 1, bias=False)
    return [conv, nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
