"""Old names of cameras, which PyTorch3D keeps with a warning."""

import warnings
from typing import Any

from .cameras_fov import FoVOrthographicCameras, FoVPerspectiveCameras
from .cameras_multiview import OrthographicCameras, PerspectiveCameras


def OpenGLPerspectiveCameras(*args, **kwargs) -> FoVPerspectiveCameras:
    """Old name of `FoVPerspectiveCameras`."""
    _warn("OpenGLPerspectiveCameras", "FoVPerspectiveCameras")
    return FoVPerspectiveCameras(*args, **kwargs)


def OpenGLOrthographicCameras(
    znear: Any = 1.0,
    zfar: Any = 100.0,
    top: Any = 1.0,
    bottom: Any = -1.0,
    left: Any = -1.0,
    right: Any = 1.0,
    *args,
    **kwargs,
) -> FoVOrthographicCameras:
    """Old name of `FoVOrthographicCameras`, with other names of the sides of its box."""
    _warn("OpenGLOrthographicCameras", "FoVOrthographicCameras")
    return FoVOrthographicCameras(znear, zfar, top, bottom, right, left, *args, **kwargs)


def SfMPerspectiveCameras(
    focal_length: Any = 1.0, principal_point: Any = ((0.0, 0.0),), **kwargs
) -> PerspectiveCameras:
    """Old name of `PerspectiveCameras`."""
    _warn("SfMPerspectiveCameras", "PerspectiveCameras")
    return PerspectiveCameras(focal_length, principal_point, **kwargs)


def SfMOrthographicCameras(
    focal_length: Any = 1.0, principal_point: Any = ((0.0, 0.0),), **kwargs
) -> OrthographicCameras:
    """Old name of `OrthographicCameras`."""
    _warn("SfMOrthographicCameras", "OrthographicCameras")
    return OrthographicCameras(focal_length, principal_point, **kwargs)


def _warn(old: str, new: str) -> None:
    warnings.warn(f"{old} is deprecated, use {new} instead.", PendingDeprecationWarning, stacklevel=3)
