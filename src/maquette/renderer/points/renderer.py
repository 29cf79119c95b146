"""Point clouds to pictures."""

from typing import Any, Self

from torch import Tensor, nn

from maquette.renderer.points.rasterize_points import _format_radius
from maquette.structures.device import Device
from maquette.structures.pointclouds import Pointclouds


class PointsRenderer(nn.Module):
    """Rasterizes clouds and lays their features over one another.

    A point's weight falls from 1 at its centre to 0 at its radius, with the squared distance (Wiles et al., "SynSin",
    CVPR 2020, section 3.2).

    Args:
        rasterizer: a `PointsRasterizer`.
        compositor: an `AlphaCompositor` or a `NormWeightedCompositor`, or what is called like one.
    """

    def __init__(self, rasterizer: nn.Module, compositor: nn.Module) -> None:
        super().__init__()
        self.rasterizer = rasterizer
        self.compositor = compositor

    def to(self, device: Device) -> Self:  # type: ignore[override]
        """Move the rasterizer's cameras and the compositor to `device`, in place."""
        self.rasterizer = self.rasterizer.to(device)
        self.compositor = self.compositor.to(device)
        return self

    def forward(self, point_clouds: Pointclouds, **kwargs: Any) -> Tensor:
        """Pictures (N, H, W, C) of N clouds with C features a point; `kwargs` go to both parts.

        A radius a point is taken as well, where PyTorch3D takes a single one only.
        """
        fragments = self.rasterizer(point_clouds, **kwargs)
        settings = kwargs.get("raster_settings", self.rasterizer.raster_settings)
        idx = fragments.idx.long()
        radius = settings.radius
        if not isinstance(radius, float):
            radius = _format_radius(radius, point_clouds)[idx.clamp(min=0)]
        weights = 1 - fragments.dists / (radius * radius)
        pictures: Tensor = self.compositor(
            idx.permute(0, 3, 1, 2),
            weights.permute(0, 3, 1, 2),
            point_clouds.features_packed().permute(1, 0),  # type: ignore[union-attr]
            **kwargs,
        )
        return pictures.permute(0, 2, 3, 1)
