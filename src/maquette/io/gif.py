"""`save_gif`: moving pictures."""

from os import PathLike

import numpy as np
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from .atomic import replacing
from .errors import BadInput, as_bad_input

_COLOURS = 128  # of each frame


def save_gif(
    frames: Float[Tensor, "frame 3 height width"], path: str | PathLike[str], milliseconds: int = 70
) -> None:
    """Write an endless animation; it appears whole or not at all.

    Args:
        frames: RGB in [0, 1], clamped.
        path: the file to write or replace.
        milliseconds: that each frame is shown for; GIF counts in hundredths of a second.

    Raises:
        BadInput: no frames, or a place that cannot be written to.
    """
    if len(frames) == 0:
        raise BadInput(path, "there are no frames to write")
    pixels = (frames.detach().cpu().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1)
    first, *rest = (Image.fromarray(np.ascontiguousarray(one)).quantize(_COLOURS) for one in pixels.numpy())
    with as_bad_input(path, OSError, say="cannot be written"), replacing(path) as file:
        first.save(file, format="GIF", save_all=True, append_images=rest, duration=milliseconds, loop=0)
