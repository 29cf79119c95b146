"""Pictures of different sizes as one batch: scaled alike, laid into the upper left corner of canvases of one size."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import interpolate, pad

from ..structures.camera_conversions import cameras_from_opencv_projection, opencv_from_cameras_projection
from ..structures.cameras import CamerasBase


class Canvas(NamedTuple):
    """Pictures of one size.

    Attributes:
        pictures: beyond a picture its border goes on.
        cameras: that see what is on the canvases.
        sizes: height and width of what each picture takes of its canvas.
    """

    pictures: Float[Tensor, "view channel height width"]
    cameras: CamerasBase
    sizes: tuple[tuple[int, int], ...]

    @property
    def inside(self) -> Bool[Tensor, "view height width"]:
        """Which pixels are a picture's own."""
        own = torch.zeros_like(self.pictures[:, 0], dtype=torch.bool)
        for view, (height, width) in zip(own, self.sizes, strict=True):
            view[:height, :width] = True
        return own


def on_one_canvas(
    pictures: Sequence[Float[Tensor, "channel _h _w"]], cameras: CamerasBase, longest: int | None = None
) -> Canvas:
    """Bring pictures, or masks, of any sizes to one.

    Each is scaled, a larger one by the mean of what a pixel covers, until its longer side is that of the largest
    picture, but at most `longest`; pictures of one size that need no scaling stay what they are, cameras too.

    Args:
        pictures: at least one.
        cameras: one a picture; perspective ones where sizes differ.
        longest: pixels; no limit where None.

    Raises:
        ValueError: pictures of different sizes of cameras without perspective.
    """
    before = [(picture.shape[1], picture.shape[2]) for picture in pictures]
    side = min(max(map(max, before)), longest or torch.inf)
    after = [_scaled(size, side) for size in before]
    parts = [_resized(picture, size) for picture, size in zip(pictures, after, strict=True)]
    if len(set(before)) == 1:
        return Canvas(torch.stack(parts), cameras, tuple(after))
    height, width = (max(sides) for sides in zip(*after, strict=True))
    laid = [
        pad(part, (0, width - part.shape[2], 0, height - part.shape[1]), mode="replicate") for part in parts
    ]
    R, t, K = opencv_from_cameras_projection(cameras, torch.tensor(before))
    K[:, :2] *= (torch.tensor(after) / torch.tensor(before)).flip(1).to(K)[:, :, None]
    moved = cameras_from_opencv_projection(R, t, K, torch.tensor([[height, width]] * len(K)))
    return Canvas(torch.stack(laid), moved, tuple(after))


def _scaled(size: tuple[int, int], longest: float) -> tuple[int, int]:
    scale = longest / max(size)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _resized(picture: Float[Tensor, "channel h w"], size: tuple[int, int]) -> Float[Tensor, "channel a b"]:
    if tuple(picture.shape[1:]) == size:
        return picture
    if max(size) < max(picture.shape[1:]):
        return interpolate(picture[None], size, mode="area")[0]
    return interpolate(picture[None], size, mode="bilinear", align_corners=False)[0]
