"""Old names of cameras, which PyTorch3D keeps with a warning."""

import warnings
from typing import Any

from torch import Tensor

from .cameras_base import IDENTITY_R, ZERO_T
from .cameras_fov import FoVOrthographicCameras, FoVPerspectiveCameras
from .cameras_multiview import OrthographicCameras, PerspectiveCameras
from .device import Device


def OpenGLPerspectiveCameras(
    znear: Any = 1.0,
    zfar: Any = 100.0,
    aspect_ratio: Any = 1.0,
    fov: Any = 60.0,
    degrees: bool = True,
    R: Tensor = IDENTITY_R,
    T: Tensor = ZERO_T,
    device: Device = "cpu",
) -> FoVPerspectiveCameras:
    """Old name of `FoVPerspectiveCameras`."""
    _warn("OpenGLPerspectiveCameras", "FoVPerspectiveCameras")
    return FoVPerspectiveCameras(znear, zfar, aspect_ratio, fov, degrees, R, T, device=device)


def OpenGLOrthographicCameras(
    znear: Any = 1.0,
    zfar: Any = 100.0,
    top: Any = 1.0,
    bottom: Any = -1.0,
    left: Any = -1.0,
    right: Any = 1.0,
    scale_xyz: Any = ((1.0, 1.0, 1.0),),
    R: Tensor = IDENTITY_R,
    T: Tensor = ZERO_T,
    device: Device = "cpu",
) -> FoVOrthographicCameras:
    """Old name of `FoVOrthographicCameras`, with other names of the sides of its box."""
    _warn("OpenGLOrthographicCameras", "FoVOrthographicCameras")
    return FoVOrthographicCameras(znear, zfar, top, bottom, right, left, scale_xyz, R, T, device=device)


def SfMPerspectiveCameras(
    focal_length: Any = 1.0,
    principal_point: Any = ((0.0, 0.0),),
    R: Tensor = IDENTITY_R,
    T: Tensor = ZERO_T,
    device: Device = "cpu",
) -> PerspectiveCameras:
    """Old name of `PerspectiveCameras`."""
    _warn("SfMPerspectiveCameras", "PerspectiveCameras")
    return PerspectiveCameras(focal_length, principal_point, R, T, device=device)


def SfMOrthographicCameras(
    focal_length: Any = 1.0,
    principal_point: Any = ((0.0, 0.0),),
    R: Tensor = IDENTITY_R,
    T: Tensor = ZERO_T,
    device: Device = "cpu",
) -> OrthographicCameras:
    """Old name of `OrthographicCameras`."""
    _warn("SfMOrthographicCameras", "OrthographicCameras")
    return OrthographicCameras(focal_length, principal_point, R, T, device=device)


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is deprecated, use {new} instead.", PendingDeprecationWarning, stacklevel=3)
