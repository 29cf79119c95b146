"""Differentiable losses on meshes, points, voxels and pictures."""

from .chamfer import chamfer_distance as chamfer_distance
from .mesh_edge_loss import mesh_edge_loss as mesh_edge_loss
from .mesh_flatten import mesh_flatten_loss as mesh_flatten_loss
from .mesh_laplacian_change import mesh_laplacian_change_loss as mesh_laplacian_change_loss
from .mesh_laplacian_smoothing import mesh_laplacian_smoothing as mesh_laplacian_smoothing
from .mesh_normal import mesh_normal_loss as mesh_normal_loss
from .mesh_normal_consistency import mesh_normal_consistency as mesh_normal_consistency
from .point_mesh_distance import point_mesh_edge_distance as point_mesh_edge_distance
from .point_mesh_distance import point_mesh_face_distance as point_mesh_face_distance
from .quadric import quadric_loss as quadric_loss
from .quadric import vertex_quadrics as vertex_quadrics
from .silhouette_iou import silhouette_iou_loss as silhouette_iou_loss
from .voxel_cross_entropy import voxel_cross_entropy as voxel_cross_entropy
from .voxel_dice import voxel_dice as voxel_dice
from .voxel_focal import voxel_focal as voxel_focal
