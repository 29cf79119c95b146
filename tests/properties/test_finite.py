"""No value and no gradient is NaN or infinite, whatever finite input comes: losses, geometry, pictures."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from maquette.loss import (
    chamfer_distance,
    mesh_edge_loss,
    mesh_flatten_loss,
    mesh_laplacian_change_loss,
    mesh_laplacian_smoothing,
    mesh_normal_consistency,
    mesh_normal_loss,
    point_mesh_edge_distance,
    point_mesh_face_distance,
    quadric_loss,
    silhouette_iou_loss,
    vertex_quadrics,
)
from maquette.ops import (
    GraphConv,
    cot_laplacian,
    estimate_pointcloud_normals,
    knn_points,
    sample_points_from_meshes,
    taubin_smoothing,
    vert_align,
)
from maquette.renderer import (
    FoVPerspectiveCameras,
    HardFlatShader,
    HardGouraudShader,
    HardPhongShader,
    MeshRasterizer,
    MeshRenderer,
    PointLights,
    RasterizationSettings,
    SoftGouraudShader,
    SoftPhongShader,
    SoftSilhouetteShader,
    TexturesVertex,
    look_at_view_transform,
)
from maquette.structures import Meshes, Pointclouds

POINTS = 5
FACES = st.lists(st.tuples(*[st.integers(0, POINTS - 1)] * 3), min_size=1, max_size=6)
# Zeros, ones and tiny steps make coincident vertices, slivers and points in the plane of the camera likely.
COORDINATE = st.one_of(
    st.sampled_from((0.0, 1.0, -1.0, 0.5, 1e-4, 1e-8, -1e-30, 100.0)),
    st.floats(-3, 3, width=32),
)
COORDINATES = st.lists(COORDINATE, min_size=3 * POINTS, max_size=3 * POINTS)
QUICK = settings(max_examples=25, deadline=None, derandomize=True)


def leaf(numbers: list[float]) -> Tensor:
    return torch.tensor(numbers).reshape(-1, 3).requires_grad_()


def mesh_of(verts: Tensor, faces: list[tuple[int, int, int]]) -> Meshes:
    colors = TexturesVertex(torch.full((1, POINTS, 3), 0.5))
    return Meshes([verts], [torch.tensor(faces)], textures=colors)


def assert_finite(value: Tensor, *leaves: Tensor) -> None:
    assert value.isfinite().all()
    gradients = torch.autograd.grad(value.sum(), leaves, allow_unused=True)
    for gradient in gradients:
        assert gradient is None or gradient.isfinite().all()


def target() -> Tensor:
    return torch.linspace(-1, 1, 3 * POINTS).reshape(1, POINTS, 3)


OF_MESHES: dict[str, Callable[[Meshes], Tensor]] = {
    "edge": mesh_edge_loss,
    "edge of length 1": lambda mesh: mesh_edge_loss(mesh, 1.0),
    "normal consistency": mesh_normal_consistency,
    "flatten": mesh_flatten_loss,
    "uniform": lambda mesh: mesh_laplacian_smoothing(mesh, "uniform"),
    "cot": lambda mesh: mesh_laplacian_smoothing(mesh, "cot"),
    "cotcurv": lambda mesh: mesh_laplacian_smoothing(mesh, "cotcurv"),
    "change": lambda mesh: mesh_laplacian_change_loss(mesh, mesh.offset_verts(mesh.verts_packed() ** 2)),
    "quadric": lambda mesh: quadric_loss(mesh.verts_padded(), target(), torch.eye(4).expand(1, POINTS, 4, 4)),
    "quadric to": lambda mesh: quadric_loss(mesh.verts_padded(), mesh.verts_padded(), vertex_quadrics(mesh)),
    "target normals": lambda mesh: mesh_normal_loss(mesh, target(), target()),
    "face normals": lambda mesh: mesh.faces_normals_packed(),
    "vertex normals": lambda mesh: mesh.verts_normals_packed(),
    "areas": lambda mesh: mesh.faces_areas_packed(),
    "cotangents": lambda mesh: cot_laplacian(mesh.verts_packed(), mesh.faces_packed())[0].to_dense(),
    "smoothing": lambda mesh: taubin_smoothing(mesh, num_iter=2).verts_packed(),
    "to faces": lambda mesh: point_mesh_face_distance(mesh, Pointclouds(target())),
    "to edges": lambda mesh: point_mesh_edge_distance(mesh, Pointclouds(target())),
    "chamfer": lambda mesh: chamfer_distance(mesh.verts_padded(), target())[0],
    "chamfer to itself": lambda mesh: chamfer_distance(mesh.verts_padded(), mesh.verts_padded())[0],
    "chamfer of norm 1": lambda mesh: chamfer_distance(mesh.verts_padded(), target(), norm=1)[0],
    "neighbours": lambda mesh: knn_points(mesh.verts_padded(), mesh.verts_padded(), K=3).dists,
    "normals of points": lambda mesh: estimate_pointcloud_normals(mesh.verts_padded(), 3),
    "features": lambda mesh: vert_align(torch.ones(1, 2, 4, 4), mesh),
    "convolution": lambda mesh: GraphConv(3, 2)(mesh.verts_packed(), mesh.edges_packed()),
}


@pytest.mark.parametrize("name", OF_MESHES)
@QUICK
@given(numbers=COORDINATES, faces=FACES)
def test_what_is_made_of_a_mesh(name: str, numbers: list[float], faces: list[tuple[int, int, int]]) -> None:
    verts = leaf(numbers)
    assert_finite(OF_MESHES[name](mesh_of(verts, faces)), verts)


@QUICK
@given(numbers=COORDINATES, faces=FACES)
def test_sampled_points_and_normals(numbers: list[float], faces: list[tuple[int, int, int]]) -> None:
    verts = leaf(numbers)
    mesh = mesh_of(verts, faces)
    if mesh.faces_areas_packed().sum() > 0:
        points, normals = sample_points_from_meshes(mesh, 10, return_normals=True)
        assert_finite(points + normals, verts)


SHADERS = (
    SoftSilhouetteShader,
    SoftPhongShader,
    SoftGouraudShader,
    HardPhongShader,
    HardGouraudShader,
    HardFlatShader,
)


@pytest.mark.parametrize("shader", SHADERS, ids=lambda shader: shader.__name__)
@QUICK
@given(numbers=COORDINATES, faces=FACES, elev=st.floats(-90, 90), near=st.booleans())
def test_pictures(shader: type, numbers: list[float], faces: list, elev: float, near: bool) -> None:
    verts = leaf(numbers)
    R, T = look_at_view_transform(0.5 if near else 3.0, elev, 20.0)
    cameras = FoVPerspectiveCameras(R=R, T=T, znear=0.01)
    options = {} if shader is SoftSilhouetteShader else {"cameras": cameras, "lights": PointLights()}
    settings = RasterizationSettings(image_size=8, blur_radius=0.01, faces_per_pixel=4)
    picture = MeshRenderer(MeshRasterizer(cameras, settings), shader(**options))(mesh_of(verts, faces))
    assert_finite(picture, verts)


@QUICK
@given(alpha=st.lists(st.sampled_from((0.0, 1.0, 0.5, 1e-20)), min_size=8, max_size=8))
def test_overlap_of_silhouettes(alpha: list[float]) -> None:
    pictures = torch.tensor(alpha).reshape(2, 2, 2).requires_grad_()
    assert_finite(silhouette_iou_loss(pictures, torch.zeros(2, 2, 2)), pictures)
    assert_finite(silhouette_iou_loss(pictures, torch.ones(2, 2, 2)), pictures)
