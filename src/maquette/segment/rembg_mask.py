"""Masks by `rembg`, where it is installed: networks of its own, which it downloads."""

from functools import cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..io.errors import BadInput


def rembg_mask(image: Float[Tensor, "3 height width"]) -> Float[Tensor, "1 height width"]:
    """How much of each pixel rembg takes for the object.

    Args:
        image: RGB in [0, 1].

    Raises:
        ImportError: rembg is not installed.
        BadInput: its weights cannot be had.
    """
    import rembg

    pixels = (image.permute(1, 2, 0).clamp(0, 1) * 255).round().byte().cpu().numpy()
    mask: Any = rembg.remove(pixels, session=_session(), only_mask=True)
    return torch.from_numpy(np.asarray(mask, np.float32) / 255)[None]


@cache
def _session() -> Any:
    import rembg

    try:
        return rembg.new_session()
    except Exception as error:  # what is in the way of a download has many kinds
        raise BadInput("rembg", f"cannot be had: {next(iter(str(error).splitlines()), error)}") from error
