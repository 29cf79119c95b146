"""Figures of meshes, clouds and cameras (plotly), and pictures of texture maps, under PyTorch3D's names."""

from .plotly_vis import get_camera_wireframe as get_camera_wireframe
from .plotly_vis import plot_batch_individually as plot_batch_individually
from .plotly_vis import plot_scene as plot_scene
from .texture_vis import texturesuv_image_matplotlib as texturesuv_image_matplotlib
from .texture_vis import texturesuv_image_PIL as texturesuv_image_PIL
