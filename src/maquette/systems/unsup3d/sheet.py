"""`sheet`: pictures beside what they were taken apart to."""

import torch
from jaxtyping import Float
from torch import Tensor

from .formation import Canonical, Reconstructed


def sheet(
    images: Float[Tensor, "batch 3 size size"],
    found: Canonical,
    made: Reconstructed,
    bounds: tuple[float, float],
) -> Float[Tensor, "3 height width"]:
    """Pictures, reconstructions, canonical pictures, colours, shading and depth (near is white), a row each."""
    count = len(images)
    near = (bounds[1] - found.depth[:count, None]) / (bounds[1] - bounds[0])
    colours = [(x[:count] + 1) / 2 for x in (made.image, found.image, found.albedo)]
    columns = [
        images,
        *colours,
        found.shading[:count].expand(-1, 3, -1, -1),
        near.expand(-1, 3, -1, -1),
    ]
    rows = torch.cat([column.float() for column in columns], dim=3)
    return torch.cat(list(rows), dim=1).clamp(0, 1)


def enlarged(picture: Float[Tensor, "3 height width"], times: int = 2) -> Float[Tensor, "3 _height _width"]:
    """A picture of larger pixels."""
    return picture.repeat_interleave(times, dim=1).repeat_interleave(times, dim=2)
