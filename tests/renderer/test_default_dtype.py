"""Scripts that compute in float64 by default: kernels, which are of float32, take and give what they do otherwise."""

import pytest
import torch

from maquette.loss import point_mesh_face_distance
from maquette.ops import (
    cubify,
    knn_points,
    marching_cubes,
    sample_farthest_points,
    sample_points_from_meshes,
    vert_align,
    voxelize,
)
from maquette.renderer import (
    FoVPerspectiveCameras,
    MeshRasterizer,
    MeshRenderer,
    RasterizationSettings,
    SoftSilhouetteShader,
    look_at_view_transform,
)
from maquette.structures import Pointclouds
from maquette.utils import ico_sphere


@pytest.fixture(autouse=True)
def float64_by_default():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_rendering():
    R, T = look_at_view_transform(2.7, 10, 20)
    verts = ico_sphere(1).verts_packed().clone().requires_grad_()
    mesh = ico_sphere(1).offset_verts(verts)
    settings = RasterizationSettings(16, blur_radius=1e-3)
    rasterizer = MeshRasterizer(FoVPerspectiveCameras(R=R, T=T), settings)
    alpha = MeshRenderer(rasterizer, SoftSilhouetteShader())(mesh)[..., 3]
    (alpha.sum() + rasterizer(mesh).zbuf.sum()).backward()
    assert verts.grad.isfinite().all()


def test_operators():
    mesh, x = ico_sphere(1), torch.rand(1, 30, 3)
    assert knn_points(x, x, K=2).dists.dtype == torch.float64
    assert sample_farthest_points(x, K=5)[0].shape == (1, 5, 3)
    assert sample_points_from_meshes(mesh, 9).shape == (1, 9, 3)
    assert vert_align(torch.rand(1, 3, 8, 8), mesh).shape == (1, 42, 3)
    assert len(cubify(torch.rand(1, 4, 4, 4), 0.5)) == len(marching_cubes(torch.rand(1, 4, 4, 4))[0]) == 1
    assert voxelize(mesh, 8, side=2.0).occupancy.any()
    assert point_mesh_face_distance(mesh, Pointclouds([x[0]])).isfinite()
