"""What of a picture the network sees, and the frustum behind it."""

import math
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import interpolate, max_pool2d, pad

from ...data.framing import cut_square, frame_object, object_box
from ...io.errors import say_left_out
from ...structures.cameras import PerspectiveCameras
from ..lens import Lens
from .grid import Frustum

_TALLEST = 4.0  # anamorphic lenses and half pictures of video have 2
_INSIDE = 0.5  # of a mask
_FINER = 2  # pixels of the outline for one of the network's
_TOLD = 0.005  # share of the object that is too thin for the outline, from which on it is said
_BACKGROUND = (240 / 255,) * 3  # as behind the pictures of validation


@dataclass(frozen=True)
class Framed:
    """A picture as the network sees it.

    Attributes:
        image: RGB in [0, 1] of the square around the object.
        mask: 1 on the object, in the same square.
        outline: the same mask, finer.
        frustum: behind the square; a batch of one.
        camera: that sees the frustum's camera frame in the whole picture's pixels.
    """

    image: Float[Tensor, "3 size size"]
    mask: Float[Tensor, "1 size size"]
    outline: Float[Tensor, "1 fine fine"]
    frustum: Frustum
    camera: PerspectiveCameras


def frame(
    image: Float[Tensor, "3 height width"],
    mask: Float[Tensor, "1 height width"],
    lens: Lens,
    size: int,
    margin: float,
) -> Framed:
    """Cut out the square around an object, as in training pictures without anything random.

    Args:
        image: RGB in [0, 1].
        mask: 1 on the object.
        lens: of the picture, which is brought to square pixels where its own are not.
        size: pixels a side of the square.
        margin: on every side of the object's box, as a fraction of its longer side.

    Raises:
        ValueError: a mask without a pixel above 0.5, or a lens whose pixels are nothing like squares.
    """
    height, width = mask.shape[1:]
    if not 1 / _TALLEST <= lens.tall <= _TALLEST:
        raise ValueError(f"pixels that are {lens.tall:.3g} times as tall as wide; is the camera right?")
    mask, rows = mask.to(image), max(1, round(height * lens.tall))
    if rows != height:
        image, mask = (
            interpolate(x[None], (rows, width), mode="bilinear", antialias=True)[0] for x in (image, mask)
        )
    top, bottom, left, right = object_box(mask)
    side = max(bottom - top, right - left) * (1 + 2 * margin)
    x, y = (left + right - side) / 2, (top + bottom - side) / 2
    square = frame_object(image, mask, size, margin, _BACKGROUND)
    empty = pad(mask, [1] * 4)  # beyond the picture there is no object
    cut, outline = (cut_square(empty, x + 1, y + 1, side, fine) for fine in (size, _FINER * size))
    fine = _FINER * size
    _say_thin(outline, cut_square((empty > _INSIDE).to(empty), x + 1, y + 1, side, fine), fine / side)
    column, row = lens.axis
    axis = image.new_tensor([[(column - x) / side, (row * rows / height - y) / side]])
    focal, camera = image.new_tensor([lens.focal / side]), lens.camera((height, width), image.device)
    return Framed(square, cut, outline, Frustum.before(focal, axis), camera)


def _say_thin(
    outline: Float[Tensor, "1 fine fine"], object_: Float[Tensor, "1 fine fine"], scale: float
) -> None:
    """Say how much of the object is thinner than half a pixel of the outline, whose inside lies above a half.

    Args:
        outline: of a mask that may be soft.
        object_: how much of each pixel the mask's inside covers.
        scale: pixels of the outline for one of the mask, over which edges are blurred.
    """
    inside = (outline > _INSIDE).to(outline)
    edge = max(1, math.ceil(scale))
    near = max_pool2d(inside[None], 2 * edge + 1, stride=1, padding=edge)[0]
    lost = float((object_ * (1 - near)).sum() / object_.sum())
    if lost >= _TOLD and bool(inside.any()):
        fine = outline.shape[-1]
        say_left_out(
            f"{100 * lost:.1f} % of the object, where it is thinner than half of one of {fine} pixels across"
        )
