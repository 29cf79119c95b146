"""Batched parameters, samples of feature maps at NDC, and sizes of pictures."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from ..structures.tensor_properties import TensorAccessor as TensorAccessor
from ..structures.tensor_properties import TensorProperties as TensorProperties
from ..structures.tensor_properties import (
    convert_to_tensors_and_broadcast as convert_to_tensors_and_broadcast,
)
from ..structures.tensor_properties import format_tensor as format_tensor


def ndc_grid_sample(
    input: Tensor, grid_ndc: Tensor, *, align_corners: bool = False, **grid_sample_kwargs: Any
) -> Tensor:
    """Features of maps at points given in NDC.

    Args:
        input: (N, C, H, W) maps.
        grid_ndc: (N, ..., 2) points: x left, y up, the shorter side of the map from -1 to 1.
        align_corners: passed to `torch.nn.functional.grid_sample`; False fits NDC.
        grid_sample_kwargs: likewise.

    Returns:
        (N, C, ...).

    Raises:
        ValueError: other shapes.
    """
    batch, *sizes, dim = grid_ndc.shape
    if batch != input.shape[0]:
        raise ValueError("'input' and 'grid_ndc' have to have the same batch size.")
    if input.ndim != 4:
        raise ValueError("'input' has to be a 4-dimensional Tensor.")
    if dim != 2:
        raise ValueError("The last dimension of 'grid_ndc' has to be == 2.")
    grid = ndc_to_grid_sample_coords(grid_ndc.reshape(batch, -1, 1, 2), (input.shape[2], input.shape[3]))
    features = F.grid_sample(input, grid, align_corners=align_corners, **grid_sample_kwargs)
    return features.reshape(batch, input.shape[1], *sizes)


def ndc_to_grid_sample_coords(xy_ndc: Tensor, image_size_hw: tuple[int, int]) -> Tensor:
    """Points in NDC as `torch.nn.functional.grid_sample` wants them.

    There x points right, y down, and both sides of the map go from -1 to 1.

    Args:
        xy_ndc: (..., 2).
        image_size_hw: (height, width).

    Returns:
        (..., 2).

    Raises:
        ValueError: sizes that are not two positive numbers.
    """
    if len(image_size_hw) != 2 or any(size <= 0 for size in image_size_hw):
        raise ValueError("'image_size_hw' has to be a 2-tuple of positive integers")
    height, width = image_size_hw
    shorter = min(height, width)
    return xy_ndc * xy_ndc.new_tensor([-shorter / width, -shorter / height])


def parse_image_size(image_size: Any) -> tuple[int, int]:
    """(height, width) from one number, for both, or two.

    Raises:
        ValueError: not one or two, not positive, or not integers.
    """
    if not isinstance(image_size, tuple | list):
        return (image_size, image_size)
    if len(image_size) != 2:
        raise ValueError("Image size can only be a tuple/list of (H, W)")
    if not all(size > 0 for size in image_size):
        raise ValueError(f"Image sizes must be greater than 0; got {image_size[0]}, {image_size[1]}")
    if not all(isinstance(size, int) for size in image_size):
        raise ValueError(f"Image sizes must be integers; got {image_size[0]}, {image_size[1]}")
    return (image_size[0], image_size[1])
