"""Where pictures show the floor: there, and only there, all look alike when they are brought onto it."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample

from ..ops.pixel_projections import pixel_projections
from ..structures.cameras import CamerasBase

_WINDOW = 7  # pixels along the sides of what is compared
_PLAIN = 0.012  # standard deviation of grey levels in it, below which it tells nothing
_LIKE = 0.9  # correlation of two windows of the floor
_ENOUGH = 2  # pictures that look alike there
_FAR = 6.0  # times the cameras' height above the floor; beyond it, windows hold too much of it


@torch.no_grad()
def floor_depths(
    images: Float[Tensor, "view 3 height width"], cameras: CamerasBase, ground: float
) -> Float[Tensor, "view height width"]:
    """Depth of the floor where it is seen; NaN elsewhere, and where it is plain.

    Each picture is compared with all others as these show the floor (the homography of a plane), by the correlation
    of small windows. What stands on the floor is elsewhere in the others; a shadow is not.

    Args:
        images: colours in [0, 1].
        cameras: one a picture.
        ground: y of the floor.
    """
    height, width = images.shape[2:]
    matrices = pixel_projections(cameras, (height, width))
    grey = images.mean(dim=1, keepdim=True).double()
    found = []
    for i in range(len(images)):
        depth, places, before = _floor(matrices[i], (height, width), ground)
        alike = torch.zeros_like(before, dtype=torch.long)
        for j in range(len(images)):
            if j != i:
                other, inside = _brought(grey[[j]], places, matrices[j])
                alike += (_correlation(grey[[i]], other) > _LIKE) & inside
        eye = float(cameras[[i]].get_camera_center()[0, 1]) - ground
        near = before & (depth < _FAR * max(eye, 0.0))
        found.append(depth.where(near & (alike >= _ENOUGH), torch.nan).float())
    return torch.stack(found)


def _floor(
    matrix: Float[Tensor, "4 4"], size: tuple[int, int], ground: float
) -> tuple[Float[Tensor, "height width"], Float[Tensor, "height width 3"], Bool[Tensor, "height width"]]:
    """Depth and place of the floor at each pixel, and whether it is before the camera there."""
    middles = [torch.arange(side, dtype=torch.float64) + 0.5 for side in size]
    row, column = torch.meshgrid(*middles, indexing="ij")
    ways = torch.stack([column, row, torch.ones_like(row)], dim=-1)
    inverse = torch.linalg.inv(matrix[:3, :3])
    origin, ways = -inverse @ matrix[:3, 3], ways @ inverse.T
    depth = (ground - origin[1]) / ways[..., 1]
    return depth, origin + depth[..., None] * ways, torch.isfinite(depth) & (depth > 0)


def _brought(
    image: Float[Tensor, "1 1 height width"],
    places: Float[Tensor, "height width 3"],
    matrix: Float[Tensor, "4 4"],
) -> tuple[Float[Tensor, "1 1 height width"], Bool[Tensor, "height width"]]:
    """A picture as it shows places, and which of them are in it."""
    height, width = image.shape[2:]
    x, y, _, w = (places @ matrix[:, :3].T + matrix[:, 3]).unbind(-1)
    u, v = (2 * x / w / width - 1).nan_to_num(2.0), (2 * y / w / height - 1).nan_to_num(2.0)
    inside = (u.abs() < 1) & (v.abs() < 1) & (w > 0)
    at = torch.stack([u, v], dim=-1).clamp(-2, 2)[None]
    return grid_sample(image, at, align_corners=False, padding_mode="border"), inside


def _correlation(
    one: Float[Tensor, "1 1 height width"], other: Float[Tensor, "1 1 height width"]
) -> Float[Tensor, "height width"]:
    """Of the windows around each pixel; 0 where one of them is plain."""

    def mean(values: Tensor) -> Tensor:
        return avg_pool2d(values, _WINDOW, 1, _WINDOW // 2, count_include_pad=False)

    a, b = mean(one), mean(other)
    shared = mean(one * other) - a * b
    spreads = [(mean(x * x) - m * m).clamp(min=0).sqrt() for x, m in ((one, a), (other, b))]
    told = (spreads[0] > _PLAIN) & (spreads[1] > _PLAIN)
    return torch.where(told, shared / (spreads[0] * spreads[1]).clamp(min=1e-12), 0.0)[0, 0]
