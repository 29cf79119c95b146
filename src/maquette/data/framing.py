"""The square around an object, scaled to the size that a network sees: for drawn pictures and for others alike."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ..structures.mask_box import mask_box

_INSIDE = 0.5


def window_around(
    boxes: Float[Tensor, "picture 2 2"],
    size: int,
    margin: Float[Tensor, " picture"],
    shift: Float[Tensor, "picture 2"] | None = None,
) -> Float[Tensor, "picture 4"]:
    """Windows (see `kernels.draw.PictureSpecs`) in which objects are framed.

    Args:
        boxes: smallest and largest column and row of each object, for focal lengths 1 and an axis at 0.
        size: pixels a side of the window.
        margin: on every side of the box, as a fraction of its longer side.
        shift: of the object to the right and down, as a fraction of the longer side.
    """
    low, high = boxes.unbind(1)
    longest = (high - low).amax(1, keepdim=True).clamp_min(1e-6)
    center = (low + high) / 2
    if shift is not None:
        center = center - shift * longest
    focal = size / (longest * (1 + 2 * margin[:, None]))
    return torch.cat([focal, focal, size / 2 - focal * center], dim=1)


def reframed(
    window: Float[Tensor, "picture 4"],
    boxes: Float[Tensor, "picture 2 2"],
    parts: Float[Tensor, "picture 2 2"],
) -> Float[Tensor, "picture 4"]:
    """Windows in which parts of objects are framed as the whole objects were: with the same margin and shift.

    Args:
        window: in which the objects are framed.
        boxes: smallest and largest column and row of each object in these windows.
        parts: the same of what is framed instead.
    """
    longest, longest_part = (
        (high - low).amax(1, keepdim=True) for low, high in (boxes.unbind(1), parts.unbind(1))
    )
    factor = longest / longest_part.clamp_min(1e-6)
    axis = boxes.mean(1) + factor * (window[:, 2:] - parts.mean(1))
    return torch.cat([factor * window[:, :2], axis], dim=1)


def frame_object(
    image: Float[Tensor, "3 height width"],
    mask: Float[Tensor, "1 height width"],
    size: int,
    margin: float,
    background: tuple[float, float, float] | None = None,
) -> Float[Tensor, "3 {size} {size}"]:
    """Cut out the square around an object and scale it, as `DrawnViews` with framing "object" frames its own.

    The square has the middle of the box around the pixels whose mask is above 0.5, and the box's longer side
    widened by `margin` at both ends. It is scaled down by the mean over each pixel's area, up bilinearly.

    Args:
        image: RGB in [0, 1].
        mask: 1 on the object.
        size: pixels a side of the result.
        margin: as a fraction of the box's longer side, >= 0.
        background: a colour that the picture is laid over with the mask, and that surrounds it; None leaves the
            picture as it is and repeats its border.

    Raises:
        ValueError: no pixel of the mask is above 0.5, or a size or margin that makes no sense.
    """
    if size < 1 or not 0 <= margin < math.inf:
        raise ValueError(
            f"a size of at least 1 and a margin of at least 0 are needed, got {size} and {margin}"
        )
    top, bottom, left, right = object_box(mask)
    side = max(bottom - top, right - left) * (1 + 2 * margin)
    height, width = mask.shape[1:]
    if background is None:
        return cut_square(image, (left + right - side) / 2, (top + bottom - side) / 2, side, size)
    rows = _resampling((top + bottom - side) / 2, side, size, height, clamped=False).to(image)
    columns = _resampling((left + right - side) / 2, side, size, width, clamped=False).to(image)
    covered = rows @ mask @ columns.T
    colour = image.new_tensor(background)[:, None, None]
    return (rows @ (image * mask) @ columns.T + (1 - covered) * colour).clamp(0, 1)


def cut_square(
    picture: Float[Tensor, "channel height width"], left: float, top: float, side: float, size: int
) -> Float[Tensor, "channel {size} {size}"]:
    """A square of a picture scaled to `size` pixels; beyond the picture its border repeats.

    Args:
        picture: any channels in [0, 1].
        left, top: of the square in pixels, which may lie outside.
        side: of the square in pixels, > 0.
        size: pixels a side of the result.
    """
    height, width = picture.shape[1:]
    rows = _resampling(top, side, size, height, clamped=True).to(picture)
    columns = _resampling(left, side, size, width, clamped=True).to(picture)
    return (rows @ picture @ columns.T).clamp(0, 1)


def object_box(mask: Float[Tensor, "1 height width"]) -> tuple[int, int, int, int]:
    """Box (top, bottom, left, right) around the pixels whose mask is above 0.5.

    Raises:
        ValueError: there are none.
    """
    box = mask_box(mask[0] > _INSIDE)
    if box is None:
        raise ValueError("the mask is empty: there is no object to frame")
    return box


def _resampling(
    start: float, side: float, size: int, count: int, clamped: bool
) -> Float[Tensor, "size count"]:
    """Weights of `count` pixels in each of `size` pixels spread over [start, start + side].

    Places beyond the picture take its border's pixels (`clamped`) or nothing.
    """
    step = side / size
    first, last = math.floor(start) - 1, math.ceil(start + side) + 1
    places = torch.arange(first, last, dtype=torch.float64)
    edges = start + step * torch.arange(size, dtype=torch.float64)[:, None]
    if step >= 1:
        overlap = torch.minimum(edges + step, places + 1) - torch.maximum(edges, places)
        weights = overlap.clamp_min(0) / step
    else:
        weights = (1 - (places + 0.5 - edges - step / 2).abs()).clamp_min(0)
    within = places.long()
    if clamped:
        within = within.clamp(0, count - 1)
    else:
        weights = weights[:, (within >= 0) & (within < count)]
        within = within[(within >= 0) & (within < count)]
    return torch.zeros((size, count), dtype=torch.float64).index_add_(1, within, weights)
