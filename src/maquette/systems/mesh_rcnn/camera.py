"""The camera of R2N2's pictures, and the frustum before it whose cells Mesh R-CNN fills.

Camera space is Mesh R-CNN's: +X right, +Y up, +Z back, in units of the object frame, in which ShapeNet's and ours are
the same: an object's box has a diagonal of 1. Places in the frustum lie in [-1, 1]: x to the right and y down over
the picture, z into the scene, linear in the depth after projection: layers are .01 thick before, .15 behind (of 48).

R2N2's cameras stand at 1.75 (.65 to .95) from the object's middle and look at it, so that its ball has depths of
.6375 to 2.1625: all of it lies within the frustum's .603 to 2.441. Objects are not scaled.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ...renderer.views import R2N2_REACH, cameras_from_r2n2
from .depths import Z_RANGE, A, B, Range

FOCAL = 2.1875  # 35 mm before half of a 32 mm sensor
AHEAD = 1.4  # where objects are: the middle of R2N2's distances
_LEAST_W = 0.1


def intrinsics() -> Float[Tensor, "4 4"]:
    """The matrix K of a projection (x, y, z, w) = K (X, Y, Z, 1), whose picture spans [-1, 1]."""
    K = torch.zeros(4, 4)
    K[0, 0], K[1, 1], K[2, 2], K[2, 3], K[3, 2] = FOCAL, FOCAL, A, B, -1.0
    return K


def project(points: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
    """Points of camera space in the picture: x to the right and y up in [-1, 1], and the projected depth.

    Division is by w = -Z, kept at least 0.1 from 0 on its own side (0 is positive).
    """
    x, y, z = points.unbind(-1)
    w = torch.where(z <= 0, (-z).clamp_min(_LEAST_W), (-z).clamp_max(-_LEAST_W))
    return torch.stack([FOCAL * x, FOCAL * y, A * z + B], dim=-1) / w[..., None]


def grid_of_camera(points: Float[Tensor, "*n 3"], z_range: Range = Z_RANGE) -> Float[Tensor, "*n 3"]:
    """Places of points in camera space in the frustum between two projected depths."""
    x, y, z = project(points).unbind(-1)
    low, high = z_range
    return torch.stack([x, -y, (z - low) * (2 / (high - low)) - 1], dim=-1)


def camera_of_grid(places: Float[Tensor, "*n 3"], z_range: Range = Z_RANGE) -> Float[Tensor, "*n 3"]:
    """Points in camera space of places in the frustum; the inverse of `grid_of_camera` before the camera."""
    x, y, z = places.unbind(-1)
    low, high = z_range
    depth = B / (low + (z + 1) * ((high - low) / 2) + A)
    return torch.stack([x * depth / FOCAL, -y * depth / FOCAL, -depth], dim=-1)


def cells_of_camera(size: int, z_range: Range = Z_RANGE) -> Float[Tensor, "4 4"]:
    """The matrix from (X, Y, Z, 1) to (column w, row w, depth w, w) of grid points, counted from 0.

    Args:
        size: cells along each side of the frustum; the outermost grid points lie at -1 and 1.
        z_range: projected depths at both ends of the frustum.
    """
    low, high = z_range
    half, deep = (size - 1) / 2, (size - 1) / (high - low)
    rows = [
        [half * FOCAL, 0, -half, 0],
        [0, -half * FOCAL, -half, 0],
        [0, 0, deep * (A + low), deep * B],
        [0, 0, -1, 0],
    ]
    return torch.tensor(rows)


@dataclass(frozen=True)
class View:
    """How cameras that look at the middle of objects see them.

    Attributes:
        rotation: whose rows are the directions right, up and back in the object frame.
        distance: of the camera from the object's middle.
    """

    rotation: Float[Tensor, "batch 3 3"]
    distance: Float[Tensor, " batch"]

    @classmethod
    def of_cameras(cls, cameras: Float[Tensor, "batch 3"]) -> "View":
        """Views of cameras as R2N2 states them: azimuth and elevation in degrees, and ratio of distances."""
        azimuth, elevation, ratio = cameras.unbind(1)
        R = cameras_from_r2n2(azimuth, elevation, ratio, cameras.device).R  # columns left, up, into the scene
        return cls(R.mT * R.new_tensor([[-1.0], [1.0], [-1.0]]), R2N2_REACH * ratio)

    def __getitem__(self, which: slice) -> "View":
        return View(self.rotation[which], self.distance[which])

    def to_camera(self, points: Float[Tensor, "batch n 3"]) -> Float[Tensor, "batch n 3"]:
        """Points of the object frame in camera space."""
        return self.turned(points) - self._back()

    def to_object(self, points: Float[Tensor, "batch n 3"]) -> Float[Tensor, "batch n 3"]:
        """Points of camera space in the object frame."""
        return (points + self._back()) @ self.rotation

    def turned(self, directions: Float[Tensor, "batch n 3"]) -> Float[Tensor, "batch n 3"]:
        """Directions of the object frame in camera space."""
        return directions @ self.rotation.mT

    def _back(self) -> Float[Tensor, "batch 1 3"]:
        return torch.nn.functional.pad(self.distance[:, None, None], (2, 0))
