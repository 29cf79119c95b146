"""`filtered`: pictures behind a few fixed filters, in which they are compared beside their pixels."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv2d

_BLURS = (1.0, 2.0)  # standard deviations in pixels
_REACH = 3  # of them, that a blur sees
_STEP = (-0.5, 0.0, 0.5)


def filtered(maps: Float[Tensor, "batch channel h w"]) -> list[Float[Tensor, "batch channel h w"]]:
    """Blurred by Gaussians of 1 and 2 pixels, and the steps along columns and along rows (central differences).

    Beyond the edge there are zeros.
    """
    step, one = maps.new_tensor(_STEP), maps.new_ones(1)
    blurs = [_gaussian(deviation).to(maps) for deviation in _BLURS]
    pairs = [*((blur, blur) for blur in blurs), (one, step), (step, one)]
    return [_through(maps, down, along) for down, along in pairs]


def _gaussian(deviation: float) -> Float[Tensor, " tap"]:
    """Samples of a Gaussian at whole pixels, of sum 1."""
    reach = round(_REACH * deviation)
    at = torch.arange(-reach, reach + 1, dtype=torch.float64)
    bell = (-at.square() / (2 * deviation**2)).exp()
    return bell / bell.sum()


def _through(maps: Tensor, down: Tensor, along: Tensor) -> Tensor:
    """Each channel correlated with a column and with a row of numbers."""
    alone = maps.flatten(0, 1)[:, None]
    found = conv2d(alone, down[None, None, :, None], padding="same")
    return conv2d(found, along[None, None, None], padding="same").view_as(maps)
