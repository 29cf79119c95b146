"""Rendering of point clouds, under PyTorch3D's module paths."""

from .compositor import AlphaCompositor as AlphaCompositor
from .compositor import NormWeightedCompositor as NormWeightedCompositor
from .rasterize_points import rasterize_points as rasterize_points
from .rasterizer import PointsRasterizationSettings as PointsRasterizationSettings
from .rasterizer import PointsRasterizer as PointsRasterizer
from .renderer import PointsRenderer as PointsRenderer
