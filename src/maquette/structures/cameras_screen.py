"""Pixels and normalised device coordinates (NDC).

NDC: x left, y up, the origin in the middle of the picture, the shorter side from -1 to 1. Screen: pixels,
x right, y down, the origin at the outer corner of the top left pixel, whose centre is therefore at (0.5, 0.5).
"""

from typing import Any

import torch
from torch import Tensor

from ..transforms import Transform3d


def get_ndc_to_screen_transform(
    cameras: Any, with_xyflip: bool = False, image_size: Any = None
) -> Transform3d:
    """Map from NDC to pixels; depth stays.

    Args:
        cameras: N cameras.
        with_xyflip: turn x to the right and y down, as in pictures; else they stay, and pixels are negative.
        image_size: (height, width) of the pictures, also as a tensor (2,), (1, 2) or (N, 2).

    Raises:
        ValueError: no image size.
    """
    if image_size is None:
        raise ValueError("For NDC to screen conversion, image_size=(height, width) needs to be specified.")
    size = torch.as_tensor(image_size, device=cameras.device).view(-1, 2)
    size = size.to(size.dtype if size.is_floating_point() else torch.float32).expand(len(cameras), 2)
    return Transform3d(matrix=_pixel_matrix(size, -1.0 if with_xyflip else 1.0))


def get_screen_to_ndc_transform(
    cameras: Any, with_xyflip: bool = False, image_size: Any = None
) -> Transform3d:
    """Map from pixels to NDC: the inverse of `get_ndc_to_screen_transform`, with its arguments and errors."""
    return get_ndc_to_screen_transform(cameras, with_xyflip=with_xyflip, image_size=image_size).inverse()


def _pixel_matrix(size: Tensor, sign: float) -> Tensor:
    """Matrices (N, 4, 4) for row vectors: scale by half the shorter side, move the middle, flip."""
    scale = sign * size.min(dim=1).values / 2
    one = torch.ones_like(scale)
    matrix = torch.diag_embed(torch.stack((scale, scale, one, one), dim=1))
    matrix[:, 3, :2] = -sign * size.flip(1) / 2
    return matrix
