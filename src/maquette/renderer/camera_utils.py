"""Cameras turned, described and joined, under PyTorch3D's path."""

from ..structures.cameras_utils import camera_to_eye_at_up as camera_to_eye_at_up
from ..structures.cameras_utils import join_cameras_as_batch as join_cameras_as_batch
from ..structures.cameras_utils import rotate_on_spot as rotate_on_spot
