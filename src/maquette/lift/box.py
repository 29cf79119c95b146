"""The box around an object."""

import torch
from jaxtyping import Bool
from torch import Tensor


def mask_box(mask: Bool[Tensor, "height width"]) -> tuple[int, int, int, int] | None:
    """Top, bottom (exclusive), left and right (exclusive) of what is set, in pixels; None where nothing is."""
    rows, columns = (torch.nonzero(mask.any(dim=axis))[:, 0].tolist() for axis in (1, 0))
    return (rows[0], rows[-1] + 1, columns[0], columns[-1] + 1) if rows else None
