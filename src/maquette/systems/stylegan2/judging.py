"""How far generated pictures are from real ones, in numbers that need no other network."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

_SEEN = 16  # pixels a side of what is compared
_DIRECTIONS = 256
_SEED = 20


def sliced_wasserstein(
    made: Float[Tensor, "picture channel height width"], real: Float[Tensor, "picture channel height width"]
) -> Float[Tensor, ""]:
    """Sliced Wasserstein distance of two sets of small pictures (Rabin et al., 2011): 0 for the same sets.

    The mean distance of sorted projections, onto fixed random directions of length 1, of pictures reduced to 16
    pixels a side.
    """
    sets = [adaptive_avg_pool2d(images, min(_SEEN, images.shape[-1])).flatten(1) for images in (made, real)]
    draw = torch.Generator().manual_seed(_SEED)
    directions = torch.randn(sets[0].shape[1], _DIRECTIONS, generator=draw).to(made.device, made.dtype)
    directions = directions / directions.norm(dim=0)
    first, second = ((values @ directions).sort(0).values for values in sets)
    distance: Tensor = (first - second).abs().mean()
    return distance


def diversity(
    made: Float[Tensor, "picture channel height width"], real: Float[Tensor, "picture channel height width"]
) -> Float[Tensor, ""]:
    """How much pixels vary over generated pictures, as a share of how much they do over real ones."""
    first, second = (images.std(0, correction=0).mean() for images in (made, real))
    return first / second.clamp(min=1e-6)
