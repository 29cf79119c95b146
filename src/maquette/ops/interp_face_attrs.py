"""Values at the pixels of a rasterized picture, under PyTorch3D's path."""

from ..structures.interpolation import interpolate_face_attributes as interpolate_face_attributes
from ..structures.interpolation import interpolate_packed as interpolate_packed
from ..structures.interpolation import interpolate_vertex_attributes as interpolate_vertex_attributes
