"""Cameras given by their view volume, as in OpenGL; depth from the near to the far plane goes to [0, 1]."""

import math
from typing import Any

import torch
from torch import Tensor

from .cameras_base import IDENTITY_R, ZERO_T, CamerasBase, calibration_matrix
from .device import Device


class FoVCameras(CamerasBase):
    """What the two kinds below share: a matrix K made of `_PARAMETERS`, or given."""

    _PARAMETERS: tuple[str, ...] = ()

    def compute_projection_matrix(self, *args: Any, **kwargs: Any) -> Tensor:
        """Matrices (N, 4, 4), for column vectors, from the view frame to NDC."""
        raise NotImplementedError

    def _projection_matrix(self, overrides: dict[str, Any]) -> Tensor:
        parameters = {name: overrides.get(name, getattr(self, name)) for name in self._PARAMETERS}
        return self.compute_projection_matrix(**parameters)

    def unproject_points(
        self,
        xy_depth: Tensor,
        world_coordinates: bool = True,
        scaled_depth_input: bool = False,
        **kwargs: Any,
    ) -> Tensor:
        """Points in space from NDC and depth.

        Args:
            xy_depth: (P, 3) or (N, P, 3): x and y in NDC, and the depth.
            world_coordinates: return points of the world; of the view frame otherwise.
            scaled_depth_input: depth is that of NDC, from 0 to 1; that of the view frame otherwise.
            kwargs: override the parameters of the camera.

        Returns:
            of the shape of `xy_depth`, or (N, P, 3).
        """
        projection = self.get_projection_transform(**kwargs)
        transform = self.get_full_projection_transform(**kwargs) if world_coordinates else projection
        if not scaled_depth_input:
            rows = projection.get_matrix()[:, 2:, 2].view(-1, 2, *(1,) * (xy_depth.dim() - 1))
            depth = self._scale_depth(xy_depth[..., 2:], rows[:, 0], rows[:, 1])
            xy_depth = torch.cat((xy_depth[..., :2].expand(*depth.shape[:-1], 2), depth), dim=-1)
        return transform.inverse().transform_points(xy_depth)

    def _scale_depth(self, depth: Tensor, factor: Tensor, offset: Tensor) -> Tensor:
        """Depth in NDC of depth in the view frame, given the entries of K for both."""
        raise NotImplementedError

    def in_ndc(self) -> bool:
        return True


class FoVPerspectiveCameras(FoVCameras):
    """Perspective cameras given by a field of view.

    Args:
        znear: depth of the near plane, a number or (N,), as the following.
        zfar: depth of the far plane.
        aspect_ratio: width of a pixel by its height; 1 for square pixels whatever the picture's shape.
        fov: angle of view along y (along the shorter side of the picture).
        degrees: whether it is in degrees; in radians otherwise.
        R: rotations (N, 3, 3).
        T: translations (N, 3).
        K: matrices (N, 4, 4), for column vectors, from view to NDC, instead of the above.
        device: where the tensors live.
    """

    _FIELDS = ("K", "znear", "zfar", "aspect_ratio", "fov", "R", "T", "degrees")
    _SHARED_FIELDS = ("degrees",)
    _PARAMETERS = ("znear", "zfar", "fov", "aspect_ratio", "degrees")

    def __init__(
        self,
        znear: Any = 1.0,
        zfar: Any = 100.0,
        aspect_ratio: Any = 1.0,
        fov: Any = 60.0,
        degrees: bool = True,
        R: Tensor = IDENTITY_R,
        T: Tensor = ZERO_T,
        K: Tensor | None = None,
        device: Device = "cpu",
    ) -> None:
        super().__init__(
            device=device, znear=znear, zfar=zfar, aspect_ratio=aspect_ratio, fov=fov, R=R, T=T, K=K
        )
        self.degrees = degrees

    def compute_projection_matrix(
        self, znear: Any, zfar: Any, fov: Any, aspect_ratio: Any, degrees: bool
    ) -> Tensor:
        """Matrices (N, 4, 4), for column vectors, from the view frame to NDC.

        With c = cot(fov / 2): x' = c x / (aspect z), y' = c y / z, z' = zfar (z - znear) / ((zfar - znear) z).
        """
        fov = torch.as_tensor(fov, device=self.device) * (math.pi / 180 if degrees else 1.0)
        focal = 1 / torch.tan(fov / 2)
        depth_scale = zfar / (zfar - znear)
        entries = {(0, 0): focal / aspect_ratio, (1, 1): focal, (2, 2): depth_scale}
        entries |= {(2, 3): -znear * depth_scale, (3, 2): 1.0}
        return calibration_matrix(entries, self.device)

    def _scale_depth(self, depth: Tensor, factor: Tensor, offset: Tensor) -> Tensor:
        return (factor * depth + offset) / depth

    def is_perspective(self) -> bool:
        return True


class FoVOrthographicCameras(FoVCameras):
    """Orthographic cameras given by a box.

    Args:
        znear: depth of the near plane, a number or (N,), as the following.
        zfar: depth of the far plane.
        max_y: top of the box in the view frame.
        min_y: bottom.
        max_x: left side (x points left).
        min_x: right side.
        scale_xyz: factors (1, 3) or (N, 3) by which things are enlarged.
        R: rotations (N, 3, 3).
        T: translations (N, 3).
        K: matrices (N, 4, 4), for column vectors, from view to NDC, instead of the above.
        device: where the tensors live.
    """

    _PARAMETERS = ("znear", "zfar", "max_x", "min_x", "max_y", "min_y", "scale_xyz")
    _FIELDS = ("K", "R", "T", *_PARAMETERS)

    def __init__(
        self,
        znear: Any = 1.0,
        zfar: Any = 100.0,
        max_y: Any = 1.0,
        min_y: Any = -1.0,
        max_x: Any = 1.0,
        min_x: Any = -1.0,
        scale_xyz: Any = ((1.0, 1.0, 1.0),),
        R: Tensor = IDENTITY_R,
        T: Tensor = ZERO_T,
        K: Tensor | None = None,
        device: Device = "cpu",
    ) -> None:
        box = {"max_y": max_y, "min_y": min_y, "max_x": max_x, "min_x": min_x}
        super().__init__(device=device, znear=znear, zfar=zfar, **box, scale_xyz=scale_xyz, R=R, T=T, K=K)

    def compute_projection_matrix(
        self, znear: Any, zfar: Any, max_x: Any, min_x: Any, max_y: Any, min_y: Any, scale_xyz: Any
    ) -> Tensor:
        """Matrices (N, 4, 4), for column vectors, that take the box to [-1, 1] x [-1, 1] x [0, 1]."""
        scale_xyz = torch.as_tensor(scale_xyz, device=self.device)
        width, height, depth = max_x - min_x, max_y - min_y, zfar - znear
        entries = {(0, 0): scale_xyz[:, 0] * 2 / width, (0, 3): -(max_x + min_x) / width}
        entries |= {(1, 1): scale_xyz[:, 1] * 2 / height, (1, 3): -(max_y + min_y) / height}
        entries |= {(2, 2): scale_xyz[:, 2] / depth, (2, 3): -znear / depth, (3, 3): 1.0}
        return calibration_matrix(entries, self.device)

    def _scale_depth(self, depth: Tensor, factor: Tensor, offset: Tensor) -> Tensor:
        return factor * depth + offset

    def is_perspective(self) -> bool:
        return False
