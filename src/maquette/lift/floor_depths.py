"""Where pictures show the floor: there, and only there, all look alike when they are brought onto it."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, grid_sample, normalize

from ..ops.pixel_projections import pixel_projections, pixel_rays
from ..structures.cameras import CamerasBase

_NEIGHBOURS = 8  # views from the nearest sides that a picture is compared with
_WINDOW = 7  # pixels along the sides of what is compared
_PLAIN = 0.012  # standard deviation of grey levels in it, below which it tells nothing
_LIKE = (
    0.9  # correlation of two windows of the floor; in five drawn rooms 1 % of the objects' pixels reach it
)
_ENOUGH = 2  # pictures that look alike there
_FAR = 6.0  # times the cameras' height above the floor; beyond it, windows hold too much of it


@torch.no_grad()
def floor_depths(
    images: Float[Tensor, "view 3 height width"], cameras: CamerasBase, ground: float
) -> Float[Tensor, "view height width"]:
    """Depth of the floor where it is seen; NaN elsewhere, and where it is plain.

    Each picture is compared with its neighbours as these show the floor (the homography of a plane), by the
    correlation of small windows. What stands on the floor is elsewhere in the others; a shadow is not.

    Args:
        images: colours in [0, 1].
        cameras: perspective ones, one a picture.
        ground: y of the floor.

    Raises:
        ValueError: cameras without perspective.
    """
    if not cameras.is_perspective():
        raise ValueError("floors are told by cameras with perspective")
    height, width = images.shape[2:]
    matrices = pixel_projections(cameras, (height, width))
    grey = images.mean(dim=1, keepdim=True)
    eyes = cameras.get_camera_center()
    middle = eyes.new_tensor([0.0, ground, 0.0])
    angles = -(normalize(eyes - middle, dim=1) @ normalize(eyes - middle, dim=1).T)
    beside = angles.fill_diagonal_(torch.inf).argsort(dim=1, stable=True)[:, :-1][:, :_NEIGHBOURS]
    found = []
    for i, near in enumerate(beside.tolist()):
        eye, ways = pixel_rays(matrices[i], (height, width))
        depth = (ground - eye[1]) / ways[..., 1]
        places, window = eye + depth[..., None] * ways, _Window(grey[[i]])
        alike = torch.zeros_like(depth, dtype=torch.long)
        for j in near:
            other, inside = _brought(grey[[j]], places, matrices[j])
            alike += (window.correlation(other) > _LIKE) & inside
        seen = depth.isfinite() & (depth > 0) & (depth < _FAR * max(float(eye[1]) - ground, 0.0))
        found.append(depth.where(seen & (alike >= _ENOUGH), torch.nan).float())
    return torch.stack(found)


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
    at = torch.stack([u, v], dim=-1).clamp(-2, 2)[None].float()
    return grid_sample(image, at, align_corners=False, padding_mode="border"), inside


class _Window:
    """The windows around all pixels of a picture."""

    def __init__(self, image: Float[Tensor, "1 1 height width"]) -> None:
        self.mean = _mean(image)
        self.image = image - self.mean
        self.around = _mean(self.image)
        self.spread = _spread(self.image, self.around)

    def correlation(self, other: Float[Tensor, "1 1 height width"]) -> Float[Tensor, "height width"]:
        """With those of another picture; 0 where one of them is plain."""
        moved = other - self.mean
        around = _mean(moved)
        shared, spread = _mean(self.image * moved) - self.around * around, _spread(moved, around)
        told = (self.spread > _PLAIN) & (spread > _PLAIN)
        return torch.where(told, shared / (self.spread * spread).clamp(min=1e-12), 0.0)[0, 0]


def _mean(values: Float[Tensor, "1 1 height width"]) -> Float[Tensor, "1 1 height width"]:
    return avg_pool2d(values, _WINDOW, 1, _WINDOW // 2, count_include_pad=False)


def _spread(values: Tensor, mean: Tensor) -> Float[Tensor, "1 1 height width"]:
    return (_mean(values * values) - mean * mean).clamp(min=0).sqrt()
