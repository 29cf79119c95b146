"""Pictures in rows and columns."""

import torch
from jaxtyping import Float
from torch import Tensor


def tiled(
    images: Float[Tensor, "picture channels height width"], columns: int
) -> Float[Tensor, "3 _height _width"]:
    """One picture of many, RGB in [0, 1]; the last row may be filled up with white.

    Args:
        images: in [0, 1], grey or in colours.
        columns: pictures of a row.
    """
    images = images.float().clamp(0, 1).expand(-1, 3, -1, -1)
    missing = -len(images) % columns
    images = torch.cat([images, images.new_ones(missing, *images.shape[1:])])
    rows = [torch.cat(list(row), 2) for row in images.split(columns)]
    return torch.cat(rows, 1)
