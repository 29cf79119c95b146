"""Cameras in the conventions of OpenCV and OpenGL, under PyTorch3D's path."""

from ..structures.camera_conversions import cameras_from_opencv_projection as cameras_from_opencv_projection
from ..structures.camera_conversions import cameras_from_opengl_projection as cameras_from_opengl_projection
from ..structures.camera_conversions import opencv_from_cameras_projection as opencv_from_cameras_projection
from ..structures.camera_conversions import opengl_from_cameras_projection as opengl_from_cameras_projection
