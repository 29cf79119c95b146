"""The grid that the network fills: cells behind the pixels of a crop, in layers of depth.

Lengths are in sides of the crop in the depth of the frustum's middle, where an object fills about the crop, whatever
its size. The middle is as far from the camera as the crop's focal length is long, so that of a picture of unknown
scale nothing but the field of view is needed.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import grid_sample

from ...kernels.frustum_cells import frustum_cells
from ...renderer.views import R2N2_REACH, cameras_from_r2n2

EXTENT = 1.3  # depth of a frustum; 98 of 100 objects from any side reach neither end
_WIDE = 1.7  # depth of a frustum, at most, in distances of its middle: wider ones would begin behind cameras
_NEAREST = 0.02  # distance from the camera of the nearest point that is told from those behind it


@dataclass(frozen=True)
class Frustum:
    """Frustums behind square crops.

    Attributes:
        focal: focal length in sides of the crop.
        axis: column and row of the optical axis, in sides of the crop from its upper left corner.
        extent: depth of the frustums.
    """

    focal: Float[Tensor, " batch"]
    axis: Float[Tensor, "batch 2"]
    extent: float = EXTENT

    @classmethod
    def of_windows(cls, windows: Float[Tensor, "batch 4"], size: int) -> "Frustum":
        """Frustums of drawn pictures (`Truth.windows`) of `size` pixels a side, that do not mirror."""
        return cls(windows[:, 0] / size, windows[:, 2:] / size)

    @classmethod
    def before(cls, focal: Float[Tensor, " batch"], axis: Float[Tensor, "batch 2"]) -> "Frustum":
        """Frustums of any lens, before the camera: those of lenses wider than drawn ones are less deep."""
        return cls(focal, axis, min(EXTENT, _WIDE * float(focal.min())))

    def __getitem__(self, which: slice) -> "Frustum":
        return Frustum(self.focal[which], self.axis[which], self.extent)

    def points(self, cells: Float[Tensor, "batch n 3"]) -> Float[Tensor, "batch n 3"]:
        """Points in the camera frame (+X left, +Y up, +Z into the scene) of places in the frustum.

        Args:
            cells: column, row and depth, each from 0 to 1 in the frustum.
        """
        focal = self.focal[:, None]
        depth = focal + (cells[..., 2] - 0.5) * self.extent
        x, y = ((self.axis[:, None] - cells[..., :2]) * (depth / focal)[..., None]).unbind(-1)
        return torch.stack([x, y, depth], dim=-1)

    def cells(self, points: Float[Tensor, "batch n 3"]) -> Float[Tensor, "batch n 3"]:
        """Places in the frustum of points in the camera frame; the inverse of `points` before the camera."""
        focal = self.focal[:, None]
        near = points[..., 2].clamp_min(_NEAREST)
        seen = self.axis[:, None] - points[..., :2] * (focal / near)[..., None]
        return torch.cat([seen, ((points[..., 2] - focal) / self.extent + 0.5)[..., None]], dim=-1)


@dataclass(frozen=True)
class Pose:
    """Where objects stand before cameras that look at the middle of their boxes.

    Attributes:
        rotation: rows are the camera's directions right, up and back in the object frame.
        distance: of the camera from the object's middle, in units of the object frame.
    """

    rotation: Float[Tensor, "batch 3 3"]
    distance: Float[Tensor, " batch"]

    def __getitem__(self, which: slice) -> "Pose":
        return Pose(self.rotation[which], self.distance[which])

    @classmethod
    def of_cameras(cls, cameras: Float[Tensor, "batch 3"]) -> "Pose":
        """Poses of cameras as R2N2 states them: azimuth and elevation in degrees, and ratio of distances."""
        azimuth, elevation, ratio = cameras.unbind(1)
        R = cameras_from_r2n2(azimuth, elevation, ratio, cameras.device).R  # columns left, up, into the scene
        return cls(R.mT * R.new_tensor([[-1.0], [1.0], [-1.0]]), R2N2_REACH * ratio)

    @property
    def up(self) -> Float[Tensor, "batch 3"]:
        """The object frame's +Y in the camera frame."""
        right, up, back = self.rotation[:, :, 1].unbind(1)
        return torch.stack([-right, up, -back], dim=1)

    def to_camera(self, points: Float[Tensor, "batch n 3"], frustum: Frustum) -> Float[Tensor, "batch n 3"]:
        """Points of the object frame in the camera frame of frustums."""
        left, up, into = (points @ self.rotation.mT).unbind(-1)
        placed = torch.stack([-left, up, self.distance[:, None] - into], dim=-1)
        return placed * (frustum.focal / self.distance)[:, None, None]

    def to_object(self, points: Float[Tensor, "batch n 3"], frustum: Frustum) -> Float[Tensor, "batch n 3"]:
        """Points of the camera frame of frustums in the object frame."""
        x, y, z = (points * (self.distance / frustum.focal)[:, None, None]).unbind(-1)
        return torch.stack([-x, y, self.distance[:, None] - z], dim=-1) @ self.rotation


def cells_of_grid(
    voxels: Tensor, sides: Float[Tensor, "batch 3"], frustum: Frustum, pose: Pose, pixels: int, depths: int
) -> Float[Tensor, "batch depth row column"]:
    """Which part of each cell of the frustums is solid.

    Args:
        voxels: (batch, n, n, n) bool solid cells of boxes around the middle of the object frame.
        sides: edges of the boxes along x, y and z.
        frustum, pose: how the objects are seen.
        pixels: cells along columns and rows.
        depths: cells along a ray.
    """
    windows = torch.cat([frustum.focal[:, None].expand(-1, 2), frustum.axis], dim=1)
    return frustum_cells(
        voxels, sides, pose.rotation, pose.distance, windows, 1, pixels, depths, frustum.extent
    )


def grid_of_cells(
    field: Float[Tensor, "batch depth row column"],
    sides: Float[Tensor, "batch 3"],
    frustum: Frustum,
    pose: Pose,
    resolution: int,
) -> Float[Tensor, "batch x y z"]:
    """Values of a field over the frustums at the middles of the cells of boxes in the object frame.

    Args:
        field: linear between the middles of its cells, 0 outside.
        sides: edges of the boxes along x, y and z.
        frustum, pose: how the objects are seen.
        resolution: cells along an edge.
    """
    middles = (torch.arange(resolution, device=field.device) + 0.5) / resolution - 0.5
    cube = torch.stack(torch.meshgrid(middles, middles, middles, indexing="ij"), dim=-1).view(1, -1, 3)
    places = frustum.cells(pose.to_camera(cube * sides[:, None], frustum))
    values = grid_sample(field[:, None], 2 * places[:, :, None, None] - 1, align_corners=False)
    return values.view(-1, *(resolution,) * 3)
