"""Point clouds in the world to fragments: projection followed by rasterization."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from maquette.renderer.mesh.packed import at_least_single
from maquette.renderer.mesh.rasterizer import project
from maquette.renderer.points.rasterize_points import rasterize_points
from maquette.structures.cameras_base import CamerasBase
from maquette.structures.device import Device
from maquette.structures.pointclouds import Pointclouds


class PointFragments(NamedTuple):
    """What each pixel sees, nearest first; -1 where there is nothing.

    idx: (N, H, W, K) int32 indices into the packed points.
    zbuf: (N, H, W, K) view depths.
    dists: (N, H, W, K) squared NDC distances of the pixel's centre from the points.
    """

    idx: Tensor
    zbuf: Tensor
    dists: Tensor


@dataclass
class PointsRasterizationSettings:
    """How to rasterize; see `rasterize_points` for each field. Those about bins have no effect."""

    image_size: int | tuple[int, int] = 256
    radius: float | Tensor = 0.01
    points_per_pixel: int = 8
    bin_size: int | None = None
    max_points_per_bin: int | None = None


class PointsRasterizer(nn.Module):
    """Rasterizes a batch of clouds, each seen by its camera.

    Args:
        cameras: one camera, or one a cloud; may be given to `forward` instead.
        raster_settings: a `PointsRasterizationSettings`; may be given to `forward` instead.
    """

    def __init__(
        self, cameras: CamerasBase | None = None, raster_settings: PointsRasterizationSettings | None = None
    ) -> None:
        super().__init__()
        self.cameras = cameras
        self.raster_settings = raster_settings or PointsRasterizationSettings()

    def to(self, device: Device) -> Self:  # type: ignore[override]
        """Move the cameras to `device`, in place."""
        if self.cameras is not None:
            self.cameras = self.cameras.to(device)
        return self

    def transform(self, point_clouds: Pointclouds, **kwargs: Any) -> Pointclouds:
        """The clouds with x and y in NDC and z the view depth; in single precision at least.

        Raises:
            ValueError: without cameras.
        """
        cameras = kwargs.get("cameras", self.cameras)
        if cameras is None:
            raise ValueError(
                "Cameras must be specified either at initialization or in the forward pass of PointsRasterizer"
            )
        with torch.autocast(point_clouds.device.type, enabled=False):
            points = project(at_least_single(point_clouds.points_padded()), cameras, kwargs)
        return point_clouds.update_padded(points)

    def forward(self, point_clouds: Pointclouds, **kwargs: Any) -> PointFragments:
        """Rasterize N clouds; `kwargs` may hold `cameras` and `raster_settings`, or camera parameters."""
        settings: PointsRasterizationSettings = kwargs.get("raster_settings", self.raster_settings)
        found = rasterize_points(
            self.transform(point_clouds, **kwargs),
            image_size=settings.image_size,
            radius=settings.radius,
            points_per_pixel=settings.points_per_pixel,
            bin_size=settings.bin_size,
            max_points_per_bin=settings.max_points_per_bin,
        )
        return PointFragments(*found)
