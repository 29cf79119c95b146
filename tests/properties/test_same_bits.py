"""Two runs with one seed give the same bits on a CPU, whatever the number of threads that the first one had."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from maquette.loss import chamfer_distance, mesh_edge_loss, mesh_laplacian_smoothing, point_mesh_face_distance
from maquette.ops import sample_points_from_meshes, vert_align
from maquette.renderer import (
    FoVPerspectiveCameras,
    MeshRasterizer,
    MeshRenderer,
    RasterizationSettings,
    SoftPhongShader,
    SoftSilhouetteShader,
    TexturesVertex,
    look_at_view_transform,
)
from maquette.structures import Meshes, Pointclouds
from maquette.utils import ico_sphere


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def step(seed: int) -> list[Tensor]:
    """Values and gradients of everything that a step of fitting may hold."""
    torch.manual_seed(seed)
    sphere = ico_sphere(2)
    verts = (sphere.verts_packed() + 0.02 * torch.randn(162, 3)).requires_grad_()
    colors = torch.rand(1, 162, 3, requires_grad=True)
    mesh = Meshes([verts], sphere.faces_list(), TexturesVertex(colors))
    R, T = look_at_view_transform(2.7, torch.tensor([0.0, 40.0]), torch.tensor([10.0, 200.0]))
    cameras = FoVPerspectiveCameras(R=R, T=T)
    blurred = RasterizationSettings(image_size=48, blur_radius=1e-3, faces_per_pixel=8)
    rasterizer = MeshRasterizer(cameras, blurred)
    points, normals = sample_points_from_meshes(mesh, 500, return_normals=True)
    clouds = Pointclouds(torch.randn(1, 200, 3), normals=torch.randn(1, 200, 3))
    near, aligned = chamfer_distance(points, clouds, x_normals=normals)
    values = [
        near,
        aligned,
        mesh_edge_loss(mesh),
        mesh_laplacian_smoothing(mesh, "cot"),
        point_mesh_face_distance(mesh, clouds),
        vert_align(torch.rand(1, 4, 9, 9), mesh).sum(),
        (MeshRenderer(rasterizer, SoftSilhouetteShader())(mesh.extend(2))[..., 3] ** 2).mean(),
        (MeshRenderer(rasterizer, SoftPhongShader(cameras=cameras))(mesh.extend(2)) ** 2).mean(),
    ]
    return [*values, *torch.autograd.grad(torch.stack(values).sum(), (verts, colors))]


def test_two_runs_agree_to_the_bit() -> None:
    first, second = step(3), step(3)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_another_seed_is_another_run() -> None:
    assert not torch.equal(step(3)[0], step(4)[0])


def test_threads_do_not_matter_to_pictures(threads: None) -> None:
    torch.set_num_threads(1)
    alone = step(5)
    torch.set_num_threads(3)
    shared = step(5)
    for a, b in zip(alone, shared, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)
