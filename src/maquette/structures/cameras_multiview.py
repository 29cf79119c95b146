"""Cameras given by focal length and principal point, as in multi-view geometry, in NDC or in pixels."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..transforms import Transform3d
from .cameras_base import IDENTITY_R, ZERO_T, CamerasBase, calibration_matrix
from .cameras_screen import get_screen_to_ndc_transform
from .device import Device


class MultiViewCameras(CamerasBase):
    """What the two kinds below share.

    Args:
        focal_length: a number, (N,), (N, 1), or (N, 2) where it differs in x and y; in NDC or pixels.
        principal_point: (1, 2) or (N, 2): in NDC (x left, y up), or in pixels (x right, y down).
        R: rotations (N, 3, 3).
        T: translations (N, 3).
        K: matrices (N, 4, 4), for column vectors, instead of focal length and principal point.
        device: where the tensors live.
        in_ndc: whether focal length and principal point are in NDC; in pixels otherwise.
        image_size: (height, width) in pixels, (1, 2) or (N, 2); needed for cameras in pixels.

    Raises:
        ValueError: an image size below 1.
    """

    _FIELDS = ("K", "R", "T", "focal_length", "principal_point", "_in_ndc", "image_size")
    _SHARED_FIELDS = ("_in_ndc",)
    focal_length: Any
    image_size: Any
    _in_ndc: bool
    _PRINCIPAL_COLUMN = 2
    """Column of K, for column vectors, that holds the principal point."""

    def __init__(
        self,
        focal_length: Any = 1.0,
        principal_point: Any = ((0.0, 0.0),),
        R: Tensor = IDENTITY_R,
        T: Tensor = ZERO_T,
        K: Tensor | None = None,
        device: Device = "cpu",
        in_ndc: bool = True,
        image_size: Any = None,
    ) -> None:
        super().__init__(
            device=device,
            focal_length=focal_length,
            principal_point=principal_point,
            R=R,
            T=T,
            K=K,
            _in_ndc=in_ndc,
            image_size=image_size,
        )
        if self.image_size is not None and (self.image_size < 1).any():
            raise ValueError("Image_size provided has invalid values")
        if self.focal_length.ndim == 1:
            self.focal_length = self.focal_length[:, None]
        self.focal_length = self.focal_length.expand(-1, 2)

    def _projection_matrix(self, overrides: dict[str, Any]) -> Tensor:
        focal = torch.as_tensor(overrides.get("focal_length", self.focal_length), device=self.device)
        focal = focal.view(-1, 1) if focal.ndim < 2 else focal
        point = torch.as_tensor(overrides.get("principal_point", self.principal_point), device=self.device)
        return calibration_matrix(
            {
                (0, 0): focal[:, 0],
                (1, 1): focal[:, -1],
                (0, self._PRINCIPAL_COLUMN): point[:, 0],
                (1, self._PRINCIPAL_COLUMN): point[:, 1],
                (2, 5 - self._PRINCIPAL_COLUMN): 1.0,
                (3, self._PRINCIPAL_COLUMN): 1.0,
            },
            self.device,
        )

    def unproject_points(
        self, xy_depth: Tensor, world_coordinates: bool = True, from_ndc: bool = False, **kwargs: Any
    ) -> Tensor:
        """Points in space from projected points and their depth.

        Args:
            xy_depth: (P, 3) or (N, P, 3): x and y as `transform_points` gives them, and the depth in the view
                frame.
            world_coordinates: return points of the world; of the view frame otherwise.
            from_ndc: x and y are in NDC even when the camera is given in pixels.
            kwargs: override the parameters of the camera.

        Returns:
            of the shape of `xy_depth`, or (N, P, 3).
        """
        project = self.get_full_projection_transform if world_coordinates else self.get_projection_transform
        transform = project(**kwargs)
        if from_ndc:
            transform = transform.compose(self.get_ndc_camera_transform(**kwargs))
        depth = self._project_depth(xy_depth[..., 2:])
        return transform.inverse().transform_points(torch.cat((xy_depth[..., :2], depth), dim=-1))

    def _project_depth(self, depth: Tensor) -> Tensor:
        """Third projected coordinate of depth in the view frame."""
        raise NotImplementedError

    def get_principal_point(self, **kwargs: Any) -> Tensor:
        """Principal points (N, 2)."""
        return self.get_projection_transform(**kwargs).get_matrix()[:, self._PRINCIPAL_COLUMN, :2]

    def get_ndc_camera_transform(self, **kwargs: Any) -> Transform3d:
        """Map from where `get_projection_transform` leads to NDC; depth stays.

        For cameras in pixels, the principal point is counted to the right and down, the projected points to
        the left and up: its sign is mended before pixels are scaled to NDC.
        """
        if self.in_ndc():
            return Transform3d(device=self.device)
        image_size = kwargs.get("image_size", self.get_image_size())
        offset = -2 * self.get_principal_point(**kwargs)
        shift = Transform3d(device=self.device, dtype=offset.dtype).translate(F.pad(offset, (0, 1)))
        return shift.compose(get_screen_to_ndc_transform(self, with_xyflip=False, image_size=image_size))

    def in_ndc(self) -> bool:
        return self._in_ndc


class PerspectiveCameras(MultiViewCameras):
    """Perspective cameras: (f_x x / z + p_x, f_y y / z + p_y, 1 / z). Arguments as of `MultiViewCameras`."""

    def _project_depth(self, depth: Tensor) -> Tensor:
        return depth.reciprocal()

    def is_perspective(self) -> bool:
        return True


class OrthographicCameras(MultiViewCameras):
    """Orthographic cameras: (f_x x + p_x, f_y y + p_y, z). Arguments as of `MultiViewCameras`."""

    _PRINCIPAL_COLUMN = 3

    def _project_depth(self, depth: Tensor) -> Tensor:
        return depth

    def is_perspective(self) -> bool:
        return False
