"""Cameras of all kinds, and functions that place them."""

from typing import Any

from ..transforms import Transform3d
from .cameras_base import CamerasBase as CamerasBase
from .cameras_base import get_world_to_view_transform as get_world_to_view_transform
from .cameras_fov import FoVOrthographicCameras as FoVOrthographicCameras
from .cameras_fov import FoVPerspectiveCameras as FoVPerspectiveCameras
from .cameras_legacy import OpenGLOrthographicCameras as OpenGLOrthographicCameras
from .cameras_legacy import OpenGLPerspectiveCameras as OpenGLPerspectiveCameras
from .cameras_legacy import SfMOrthographicCameras as SfMOrthographicCameras
from .cameras_legacy import SfMPerspectiveCameras as SfMPerspectiveCameras
from .cameras_multiview import OrthographicCameras as OrthographicCameras
from .cameras_multiview import PerspectiveCameras as PerspectiveCameras
from .cameras_screen import get_ndc_to_screen_transform as get_ndc_to_screen_transform
from .cameras_screen import get_screen_to_ndc_transform as get_screen_to_ndc_transform
from .look_at import camera_position_from_spherical_angles as camera_position_from_spherical_angles
from .look_at import look_at_rotation as look_at_rotation
from .look_at import look_at_view_transform as look_at_view_transform


def try_get_projection_transform(cameras: CamerasBase, cameras_kwargs: dict[str, Any]) -> Transform3d | None:
    """The cameras' projection, or None for kinds of cameras that have none.

    Args:
        cameras: any cameras.
        cameras_kwargs: passed to `get_projection_transform`.
    """
    try:
        return cameras.get_projection_transform(**cameras_kwargs)
    except NotImplementedError:
        return None
