"""Operators on meshes, points and voxels, under PyTorch3D's names."""

from .ball_query import ball_query as ball_query
from .graph_conv import GraphConv as GraphConv
from .interp_face_attrs import interpolate_face_attributes as interpolate_face_attributes
from .interp_face_attrs import interpolate_packed as interpolate_packed
from .interp_face_attrs import interpolate_vertex_attributes as interpolate_vertex_attributes
from .knn import knn_gather as knn_gather
from .knn import knn_points as knn_points
from .laplacian_matrices import cot_laplacian as cot_laplacian
from .laplacian_matrices import laplacian as laplacian
from .laplacian_matrices import norm_laplacian as norm_laplacian
from .mesh_face_areas_normals import mesh_face_areas_normals as mesh_face_areas_normals
from .mesh_filtering import taubin_smoothing as taubin_smoothing
from .packed_to_padded import packed_to_padded as packed_to_padded
from .packed_to_padded import padded_to_packed as padded_to_packed
from .sample_farthest_points import sample_farthest_points as sample_farthest_points
from .sample_farthest_points import sample_farthest_points_naive as sample_farthest_points_naive
from .sample_points_from_meshes import sample_points_from_meshes as sample_points_from_meshes
from .subdivide_meshes import SubdivideMeshes as SubdivideMeshes
from .utils import convert_pointclouds_to_tensor as convert_pointclouds_to_tensor
from .utils import eyes as eyes
from .utils import get_point_covariances as get_point_covariances
from .utils import is_pointclouds as is_pointclouds
from .utils import masked_gather as masked_gather
from .utils import wmean as wmean
from .vert_align import vert_align as vert_align
