"""What must not matter does not: where things lie, how they are turned, which face or point comes first."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from maquette.loss import (
    chamfer_distance,
    mesh_edge_loss,
    mesh_laplacian_smoothing,
    mesh_normal_consistency,
    point_mesh_face_distance,
    quadric_loss,
    vertex_quadrics,
)
from maquette.loss.point_mesh_distance import point_face_distance
from maquette.ops import marching_cubes, sample_points_from_meshes, voxelize
from maquette.renderer import (
    BlendParams,
    FoVPerspectiveCameras,
    MeshRasterizer,
    MeshRenderer,
    RasterizationSettings,
    SoftSilhouetteShader,
    look_at_view_transform,
)
from maquette.structures import Meshes, Pointclouds
from maquette.transforms import RotateAxisAngle, Transform3d, random_rotation
from maquette.utils import ico_sphere
from mesh_shapes import golden_mesh

SEEDS = st.integers(0, 10_000)
QUICK = settings(max_examples=15, deadline=None, derandomize=True)


def fox() -> Meshes:
    verts, faces = golden_mesh("mesh_fox", torch.float64)
    return Meshes([verts.detach()], [faces])


def rigid_motion(seed: int) -> Transform3d:
    torch.manual_seed(seed)
    return Transform3d(dtype=torch.float64).rotate(random_rotation(torch.float64)).translate(*torch.randn(3))


def moved(mesh: Meshes, motion: Transform3d) -> Meshes:
    return mesh.update_padded(motion.transform_points(mesh.verts_padded()))


def cloud(seed: int, points: int = 60) -> Tensor:
    return torch.randn(1, points, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


REGULARISERS = {
    "edge": mesh_edge_loss,
    "normal": mesh_normal_consistency,
    "uniform": lambda mesh: mesh_laplacian_smoothing(mesh, "uniform"),
    "cot": lambda mesh: mesh_laplacian_smoothing(mesh, "cot"),
    "cotcurv": lambda mesh: mesh_laplacian_smoothing(mesh, "cotcurv"),
}


@pytest.mark.parametrize("name", REGULARISERS)
@QUICK
@given(seed=SEEDS)
def test_regularisers_do_not_see_rigid_motions(name: str, seed: int) -> None:
    loss, mesh = REGULARISERS[name], fox()
    torch.testing.assert_close(loss(moved(mesh, rigid_motion(seed))), loss(mesh), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", REGULARISERS)
def test_regularisers_do_not_see_the_order_of_faces(name: str) -> None:
    mesh = fox()
    order = torch.randperm(len(mesh.faces_packed()))
    turned = mesh.faces_packed()[order].roll(1, dims=1)
    loss = REGULARISERS[name]
    torch.testing.assert_close(loss(Meshes(mesh.verts_list(), [turned])), loss(mesh), rtol=1e-9, atol=0)


@QUICK
@given(seed=SEEDS)
def test_distances_do_not_see_rigid_motions(seed: int) -> None:
    motion, x, y = rigid_motion(seed), cloud(seed).float(), cloud(seed + 1).float()
    still = chamfer_distance(x, y)[0]
    there = chamfer_distance(*(motion.transform_points(p).float() for p in (x, y)))[0]
    torch.testing.assert_close(there, still, rtol=1e-4, atol=1e-5)
    mesh = fox()
    moved_points = Pointclouds(motion.transform_points(x.double()).float())
    moved_mesh = Meshes([moved(mesh, motion).verts_packed().float()], mesh.faces_list())
    still = point_mesh_face_distance(Meshes([mesh.verts_packed().float()], mesh.faces_list()), Pointclouds(x))
    torch.testing.assert_close(
        point_mesh_face_distance(moved_mesh, moved_points), still, rtol=1e-4, atol=1e-5
    )


@QUICK
@given(seed=SEEDS, factor=st.floats(0.1, 10))
def test_quadric_loss_follows_the_scale_of_both(seed: int, factor: float) -> None:
    mesh, points = fox(), cloud(seed)

    def loss(scale: float) -> Tensor:
        scaled = mesh.scale_verts(scale)
        return quadric_loss(points * scale, scaled.verts_padded(), vertex_quadrics(scaled))

    torch.testing.assert_close(loss(factor), factor**2 * loss(1.0), rtol=1e-4, atol=1e-8)


@QUICK
@given(seed=SEEDS)
def test_chamfer_is_symmetric_and_zero_on_itself(seed: int) -> None:
    x, y = cloud(seed).float(), cloud(seed + 1, 40).float()
    torch.testing.assert_close(chamfer_distance(x, y)[0], chamfer_distance(y, x)[0])
    assert chamfer_distance(x, x[:, torch.randperm(60)])[0] == 0


@pytest.mark.parametrize("degrees", [0.0, 37.0, 200.0])
def test_turning_camera_and_mesh_gives_the_same_picture(degrees: float) -> None:
    verts, faces = golden_mesh("mesh_fox")
    settings = RasterizationSettings(image_size=40, blur_radius=1e-3)
    shader = SoftSilhouetteShader(blend_params=BlendParams(sigma=1e-4))
    turn = RotateAxisAngle(degrees, "Y")

    def alpha(points: Tensor, azim: float) -> Tensor:
        R, T = look_at_view_transform(2.7, 25.0, azim)
        rasterizer = MeshRasterizer(FoVPerspectiveCameras(R=R, T=T), settings)
        return MeshRenderer(rasterizer, shader)(Meshes([points], [faces]))[..., 3]

    verts = verts.detach()
    difference = alpha(turn.transform_points(verts), 30.0 + degrees) - alpha(verts, 30.0)
    assert difference.abs().max() < 2e-3


def test_samples_lie_on_the_surface() -> None:
    mesh = ico_sphere(2)
    points = sample_points_from_meshes(mesh, 500)[0]
    triangles = mesh.verts_packed()[mesh.faces_packed()]
    start = torch.zeros(1, dtype=torch.int64)
    assert point_face_distance(points, start, triangles, start, 500, min_triangle_area=0).max() < 1e-12


def ball(radius: float) -> float:
    return 4 / 3 * math.pi * radius**3


@pytest.mark.parametrize("radius", [0.3, 0.7])
def test_grids_and_surfaces_say_the_same_volume(radius: float) -> None:
    axis = torch.linspace(-1, 1, 40)
    x, y, z = torch.meshgrid(axis, axis, axis, indexing="ij")
    verts, faces = (part[0] for part in marching_cubes((radius - (x**2 + y**2 + z**2).sqrt())[None], 0.0))
    volume = torch.linalg.det(verts[faces]).sum().abs().item() / 6
    assert volume == pytest.approx(ball(radius), rel=0.03)
    solid = voxelize(ico_sphere(3).scale_verts(radius), 80, side=2.0)
    cells = solid.occupancy.sum().item() * solid.cell_size**3
    assert ball(radius) < cells < ball(radius + solid.cell_size)
