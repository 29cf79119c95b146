"""Held pictures before drawn grounds, for masks that have to be found."""

from functools import cache

from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn.functional import interpolate

from .backgrounds import HELD_GREY
from .batch import Batch, known
from .drawn_grounds import draw_grounds

_HELD, _HELD_SEED, _STEP = 150, 1_000_003, 61


def before_grounds(batch: Batch) -> Float[Tensor, "batch 3 height width"]:
    """The first picture of each held object before a drawn ground that follows from its index.

    None of these grounds is trained with.

    Args:
        batch: held pictures, whose background is plain, with their masks.
    """
    images, masks = batch.images[:, 0], known(batch.truth.masks)[:, 0]
    chosen = (batch.index.cpu() * _STEP % _HELD).tolist()
    behind = _held_grounds()[chosen].permute(0, 3, 1, 2).float() / 255
    size = (images.shape[2], images.shape[3])
    behind = interpolate(behind, size, mode="bilinear", antialias=True).to(images)
    return (images + (1 - masks) * (behind - HELD_GREY)).clamp(0, 1)


@cache
def _held_grounds() -> UInt8[Tensor, "photo side side 3"]:
    return draw_grounds(_HELD, _HELD_SEED)
