"""Meshes in the world to fragments: projection followed by rasterization."""

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from maquette.renderer.mesh.clip import LEAST_DEPTH
from maquette.renderer.mesh.packed import at_least_single
from maquette.renderer.mesh.rasterize_meshes import rasterize_meshes
from maquette.structures.cameras import try_get_projection_transform
from maquette.structures.cameras_base import CamerasBase
from maquette.structures.device import Device
from maquette.structures.fragments import Fragments as Fragments
from maquette.structures.meshes import Meshes
from maquette.structures.utils import present


@dataclass
class RasterizationSettings:
    """How to rasterize; see `rasterize_meshes` for each field.

    `perspective_correct` None follows the camera, `clip_barycentric_coords` None is on where there is a blur
    radius, `z_clip_value` None is half the camera's near plane. The fields about bins and OpenGL are accepted
    for PyTorch3D's sake and have no effect.
    """

    image_size: int | tuple[int, int] = 256
    blur_radius: float = 0.0
    faces_per_pixel: int = 1
    bin_size: int | None = None
    max_faces_opengl: int = 10_000_000
    max_faces_per_bin: int | None = None
    perspective_correct: bool | None = None
    clip_barycentric_coords: bool | None = None
    cull_backfaces: bool = False
    z_clip_value: float | None = None
    cull_to_frustum: bool = False


class MeshRasterizer(nn.Module):
    """Rasterizes a batch of meshes, each seen by its camera.

    Args:
        cameras: one camera, or one a mesh; may be given to `forward` instead.
        raster_settings: a `RasterizationSettings`; may be given to `forward` instead.
    """

    def __init__(
        self, cameras: CamerasBase | None = None, raster_settings: RasterizationSettings | None = None
    ) -> None:
        super().__init__()
        self.cameras = cameras
        self.raster_settings = raster_settings or RasterizationSettings()

    def to(self, device: Device) -> Self:  # type: ignore[override]
        """Move the cameras to `device`, in place."""
        if self.cameras is not None:
            self.cameras = self.cameras.to(device)
        return self

    def transform(self, meshes_world: Meshes, **kwargs: Any) -> Meshes:
        """The meshes with x and y in NDC and z the view depth.

        Depths nearer to 0 than 1e-8 count as 1e-8 in the division, so that no vertex becomes infinite. Computed in
        single precision at least, also under autocast.

        Raises:
            ValueError: without cameras, or with neither one camera nor one a mesh.
        """
        cameras = kwargs.get("cameras", self.cameras)
        if cameras is None:
            raise ValueError(
                "Cameras must be specified either at initialization or in the forward pass of MeshRasterizer"
            )
        if len(cameras) not in (1, len(meshes_world)):
            raise ValueError(f"Wrong number ({len(cameras)}) of cameras for {len(meshes_world)} meshes")
        with torch.autocast(meshes_world.device.type, enabled=False):
            verts_world = at_least_single(meshes_world.verts_padded())
            verts_ndc = project(verts_world, cameras, kwargs)
        return meshes_world.update_padded(new_verts_padded=verts_ndc)

    def settings(self, **kwargs: Any) -> dict[str, Any]:
        """The arguments of `rasterize_meshes`, with what was left open read off the camera."""
        cameras: CamerasBase = present(kwargs.get("cameras", self.cameras))
        given = kwargs.get("raster_settings", self.raster_settings)
        clip_barycentric, perspective = given.clip_barycentric_coords, given.perspective_correct
        if clip_barycentric is None:
            clip_barycentric = given.blur_radius > 0.0
        if perspective is None:
            perspective = cameras.is_perspective()
        return {
            "image_size": given.image_size,
            "blur_radius": given.blur_radius,
            "faces_per_pixel": given.faces_per_pixel,
            "bin_size": given.bin_size,
            "max_faces_per_bin": given.max_faces_per_bin,
            "clip_barycentric_coords": clip_barycentric,
            "perspective_correct": perspective,
            "cull_backfaces": given.cull_backfaces,
            "z_clip_value": _clip_depth(given.z_clip_value, cameras, perspective),
            "cull_to_frustum": given.cull_to_frustum,
        }

    def forward(self, meshes_world: Meshes, **kwargs: Any) -> Fragments:
        """Rasterize N meshes; `kwargs` may hold `cameras` and `raster_settings`, or camera parameters."""
        meshes_ndc = self.transform(meshes_world, **kwargs)
        return Fragments(*rasterize_meshes(meshes_ndc, **self.settings(**kwargs)))


def project(points_world: Tensor, cameras: CamerasBase, kwargs: dict[str, Any]) -> Tensor:
    """Padded points (N, P, 3) of the world with x and y in NDC and z the view depth."""
    eps = kwargs.get("eps") or LEAST_DEPTH
    points_view = cameras.get_world_to_view_transform(**kwargs).transform_points(points_world, eps=eps)
    to_ndc = cameras.get_ndc_camera_transform(**kwargs)
    projection = try_get_projection_transform(cameras, kwargs)
    if projection is not None:
        points_ndc = projection.compose(to_ndc).transform_points(points_view, eps=eps)
    else:
        points_ndc = to_ndc.transform_points(cameras.transform_points(points_world, eps=eps), eps=eps)
    return torch.cat((points_ndc[..., :2], points_view[..., 2:]), dim=-1)


def _clip_depth(given: float | None, cameras: CamerasBase, perspective: bool) -> float | None:
    if given is not None:
        return given
    znear = cameras.get_znear()
    if not perspective or znear is None:
        return None
    return float(znear.min() if isinstance(znear, Tensor) else znear) / 2
