"""Every operator that knows first derivatives alone says so when asked for a graph of them."""

import pytest
import torch

from maquette.loss import chamfer_distance, point_mesh_edge_distance, point_mesh_face_distance
from maquette.ops import (
    ball_query,
    corresponding_points_alignment,
    estimate_pointcloud_local_coord_frames,
    interpolate_face_attributes,
    knn_points,
    sample_points_from_meshes,
)
from maquette.renderer import rasterize_meshes, soft_silhouettes
from maquette.structures import Meshes, Pointclouds
from maquette.utils import ico_sphere

OTHER = torch.rand(1, 42, 3)
ON_FACES = torch.arange(9).view(1, 3, 3, 1), torch.rand(1, 3, 3, 1, 3)


def ball(x):
    return Meshes(x + torch.tensor([0.0, 0, 3]), ico_sphere(1).faces_padded())


OPERATORS = {
    "knn_points": lambda x: knn_points(x, OTHER).dists,
    "chamfer_distance": lambda x: chamfer_distance(x, OTHER)[0],
    "ball_query": lambda x: ball_query(x, OTHER, radius=9.0).dists,
    "sample_points_from_meshes": lambda x: sample_points_from_meshes(ball(x), 9),
    "point_mesh_face_distance": lambda x: point_mesh_face_distance(ball(x), Pointclouds(OTHER)),
    "point_mesh_edge_distance": lambda x: point_mesh_edge_distance(ball(x), Pointclouds(OTHER)),
    "rasterize_meshes": lambda x: rasterize_meshes(ball(x), 16)[1],
    "soft_silhouettes": lambda x: soft_silhouettes(ball(x), 16),
    "interpolate_face_attributes": lambda x: interpolate_face_attributes(*ON_FACES, x.view(14, 3, 3)),
    "corresponding_points_alignment": lambda x: corresponding_points_alignment(x, OTHER).R,
    "estimate_pointcloud_local_coord_frames": lambda x: estimate_pointcloud_local_coord_frames(x, 9)[1],
}


@pytest.mark.parametrize("name", OPERATORS)
def test_second_derivatives_are_refused_and_first_ones_are_not(name):
    x = ico_sphere(1).verts_padded().clone().requires_grad_()
    torch.autograd.grad(OPERATORS[name](x).sum(), x)
    with pytest.raises(RuntimeError, match="differentiable once: create_graph=True"):
        torch.autograd.grad(OPERATORS[name](x).sum(), x, create_graph=True)
