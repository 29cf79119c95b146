"""What of a picture the network sees: a view as R2N2's camera would take it; and the way back into the picture."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from ...data.framing import cut_square, frame_object, object_box
from ...structures.cameras import PerspectiveCameras
from ..lens import Lens
from .camera import AHEAD, FOCAL

MARGIN = 0.27  # so that an object fills .65 of the picture, as R2N2's cameras show objects on average
_BACKGROUND = 240 / 255  # as behind the pictures of validation
_TALLEST = 4.0  # anamorphic lenses and half pictures of video have 2
_LIKE = 0.01  # of R2N2's focal length and middle, within which a lens is R2N2's
_FLAT = 0.02  # least difference from the background that is seen
_NEAREST = 0.15  # of the distance to the object's middle: nothing comes nearer to the camera


@dataclass(frozen=True)
class Framed:
    """A picture as the network sees it.

    Attributes:
        image: RGB in [0, 1] of the square that it is shown.
        left, top, side: of that square, in the picture's pixels, where these are square.
        axis: column and row of the optical axis, likewise.
        focal: focal length, likewise.
        whole: whether R2N2's own camera took the picture, so that sizes and distances are true.
        tall: height of the picture's pixels in the rows of square ones.
        camera: that sees the camera frame in the whole picture's pixels.
    """

    image: Float[Tensor, "3 size size"]
    left: float
    top: float
    side: float
    axis: tuple[float, float]
    focal: float
    whole: bool
    tall: float
    camera: PerspectiveCameras

    def points(self, seen: Float[Tensor, "n 3"]) -> Float[Tensor, "n 3"]:
        """Points of camera space in the frame (+X left, +Y up, +Z into the scene) of the picture's camera.

        They appear where the network saw them. Unless the picture is whole, lengths are in sides of the square in
        the depth of the object's middle, which is as far away as the focal length is long in that side.
        """
        x, y, z = seen.unbind(1)
        if self.whole:
            return torch.stack([-x, y, -z], dim=1)
        depth = -z
        column = self.left + (FOCAL * x / depth + 1) / 2 * self.side
        row = self.top + (1 - FOCAL * y / depth) / 2 * self.side
        middle, away = (depth.amin() + depth.amax()) / 2, self.focal / self.side
        nearer = (middle - depth.amin()).clamp_min(1e-6)
        scale = torch.minimum(FOCAL / (2 * middle), (1 - _NEAREST) * away / nearer)
        depth = away + (depth - middle) * scale
        left, up = (self.axis[0] - column) * (depth / self.focal), (self.axis[1] - row) * (depth / self.focal)
        return torch.stack([left, up, depth], dim=1)

    def camera_space(self, points: Float[Tensor, "n 3"]) -> tuple[Float[Tensor, "n 3"], float]:
        """Where the network would have seen points of the picture's camera frame; the inverse of `points`.

        Nothing tells how far away they are: the middle of their depths is put where R2N2's objects are on average.

        Args:
            points: in any unit, all of them before the camera, none nearer than .15 of the middle of their depths.

        Returns:
            the points in camera space, and the unit: `points` of them, times this, are the points given.
        """
        left, up, depth = points.unbind(1)
        middle = (depth.amin() + depth.amax()) / 2
        if self.whole:
            unit = middle / AHEAD
            return points / unit * points.new_tensor([-1.0, 1.0, -1.0]), float(unit)
        away = self.focal / self.side
        unit = middle / away
        column, row = self.axis[0] - left / depth * self.focal, self.axis[1] - up / depth * self.focal
        deep = AHEAD + (depth / unit - away) * (2 * AHEAD / FOCAL)
        x, y = 2 * (column - self.left) / self.side - 1, 1 - 2 * (row - self.top) / self.side
        return torch.stack([x * deep / FOCAL, y * deep / FOCAL, -deep], dim=1), float(unit)

    def over_picture(
        self, seen: Float[Tensor, "1 rows columns"], size: tuple[int, int]
    ) -> Float[Tensor, "1 height width"]:
        """A map of the square, its corners the middles of the map's outermost pixels, over the whole picture.

        Args:
            seen: such as what the network looks at.
            size: height and width of the picture; the map is 0 beside the square.
        """
        height, width = size
        x = (torch.arange(width) + 0.5 - self.left) / self.side
        y = ((torch.arange(height) + 0.5) * self.tall - self.top) / self.side
        at = torch.stack(torch.meshgrid(2 * x - 1, 2 * y - 1, indexing="xy"), dim=-1)
        return grid_sample(seen[None].float().cpu(), at[None], align_corners=True)[0]


def frame(
    image: Float[Tensor, "3 height width"],
    mask: Float[Tensor, "1 height width"],
    lens: Lens,
    size: int,
    looks_at_it: bool = False,
) -> Framed:
    """A picture as training has them, without anything random.

    Args:
        image: RGB in [0, 1].
        mask: 1 on the object.
        lens: of the picture, which is brought to square pixels where its own are not.
        size: pixels a side of the result.
        looks_at_it: whether the camera is known to look at the object's middle; if its lens is R2N2's, all of the
            picture is shown. Else the object's surroundings are.

    Raises:
        ValueError: a mask without a pixel above 0.5, or a lens whose pixels are nothing like squares.
    """
    height, width = mask.shape[1:]
    if not 1 / _TALLEST <= lens.tall <= _TALLEST:
        raise ValueError(f"pixels that are {lens.tall:.3g} times as tall as wide; is the camera right?")
    camera, mask = lens.camera((height, width), image.device), mask.to(image)
    rows = max(1, round(height * lens.tall))
    if rows != height:
        image, mask = (
            interpolate(x[None], (rows, width), mode="bilinear", antialias=True)[0] for x in (image, mask)
        )
    top, bottom, left, right = object_box(mask)
    axis = (lens.axis[0], lens.axis[1] * rows / height)
    if looks_at_it and _is_r2n2s(lens.focal, axis, (rows, width)):
        shown = cut_square(_before_grey(image, mask), 0.0, 0.0, float(width), size)
        return Framed(shown, 0.0, 0.0, float(width), axis, lens.focal, True, rows / height, camera)
    side = max(bottom - top, right - left) * (1 + 2 * MARGIN)
    x, y = (left + right - side) / 2, (top + bottom - side) / 2
    shown = frame_object(image, mask, size, MARGIN, (_BACKGROUND,) * 3)
    return Framed(shown, x, y, side, axis, lens.focal, False, rows / height, camera)


def _is_r2n2s(focal: float, axis: tuple[float, float], size: tuple[int, int]) -> bool:
    """Whether a lens of square pixels is that of R2N2's pictures."""
    rows, columns = size
    apart = [2 * focal / columns - FOCAL, axis[0] / columns - 0.5, axis[1] / rows - 0.5]
    return rows == columns and all(abs(one) < _LIKE for one in apart)


def _before_grey(image: Tensor, mask: Tensor) -> Float[Tensor, "3 height width"]:
    """The picture before the background of validation, where it is not there already."""
    beside = (image - _BACKGROUND).abs().amax(0) * (mask[0] <= 0)
    return image if bool(beside.max() < _FLAT) else image * mask + _BACKGROUND * (1 - mask)
