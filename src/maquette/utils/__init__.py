"""Small helpers under PyTorch3D's names: simple shapes, and cameras in other conventions."""

from .ico_sphere import ico_sphere as ico_sphere
