"""Operators on meshes, points and voxels, under PyTorch3D's names."""

from .interp_face_attrs import interpolate_face_attributes as interpolate_face_attributes
from .interp_face_attrs import interpolate_packed as interpolate_packed
from .interp_face_attrs import interpolate_vertex_attributes as interpolate_vertex_attributes
