"""Small helpers under PyTorch3D's names: simple shapes, and cameras in other conventions."""

from .camera_conversions import cameras_from_opencv_projection as cameras_from_opencv_projection
from .camera_conversions import cameras_from_opengl_projection as cameras_from_opengl_projection
from .camera_conversions import opencv_from_cameras_projection as opencv_from_cameras_projection
from .camera_conversions import opengl_from_cameras_projection as opengl_from_cameras_projection
from .checkerboard import checkerboard as checkerboard
from .ico_sphere import ico_sphere as ico_sphere
from .torus import torus as torus
