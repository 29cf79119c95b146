"""Operators on meshes, points and voxels, under PyTorch3D's names."""

from .ball_query import ball_query as ball_query
from .interp_face_attrs import interpolate_face_attributes as interpolate_face_attributes
from .interp_face_attrs import interpolate_packed as interpolate_packed
from .interp_face_attrs import interpolate_vertex_attributes as interpolate_vertex_attributes
from .knn import knn_gather as knn_gather
from .knn import knn_points as knn_points
from .utils import convert_pointclouds_to_tensor as convert_pointclouds_to_tensor
from .utils import eyes as eyes
from .utils import get_point_covariances as get_point_covariances
from .utils import is_pointclouds as is_pointclouds
from .utils import masked_gather as masked_gather
from .utils import wmean as wmean
