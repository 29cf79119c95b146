"""Cameras, under PyTorch3D's path."""

from ..structures.cameras import CamerasBase as CamerasBase
from ..structures.cameras import FoVOrthographicCameras as FoVOrthographicCameras
from ..structures.cameras import FoVPerspectiveCameras as FoVPerspectiveCameras
from ..structures.cameras import OpenGLOrthographicCameras as OpenGLOrthographicCameras
from ..structures.cameras import OpenGLPerspectiveCameras as OpenGLPerspectiveCameras
from ..structures.cameras import OrthographicCameras as OrthographicCameras
from ..structures.cameras import PerspectiveCameras as PerspectiveCameras
from ..structures.cameras import SfMOrthographicCameras as SfMOrthographicCameras
from ..structures.cameras import SfMPerspectiveCameras as SfMPerspectiveCameras
from ..structures.cameras import (
    camera_position_from_spherical_angles as camera_position_from_spherical_angles,
)
from ..structures.cameras import get_ndc_to_screen_transform as get_ndc_to_screen_transform
from ..structures.cameras import get_screen_to_ndc_transform as get_screen_to_ndc_transform
from ..structures.cameras import get_world_to_view_transform as get_world_to_view_transform
from ..structures.cameras import look_at_rotation as look_at_rotation
from ..structures.cameras import look_at_view_transform as look_at_view_transform
from ..structures.cameras import try_get_projection_transform as try_get_projection_transform
