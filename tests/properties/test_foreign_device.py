"""A device that Warp lacks: the same values, on the device itself, with gradients that come back to it."""

import ast
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

import maquette
from foreign_device import CPU, FOREIGN, foreign_device
from maquette.loss import chamfer_distance, point_mesh_edge_distance, point_mesh_face_distance
from maquette.ops import (
    ball_query,
    cubify,
    interpolate_face_attributes,
    knn_points,
    marching_cubes,
    sample_farthest_points,
    sample_points_from_meshes,
    voxelize,
)
from maquette.renderer import (
    FoVPerspectiveCameras,
    MeshRasterizer,
    MeshRenderer,
    RasterizationSettings,
    SoftPhongShader,
    TexturesVertex,
    look_at_view_transform,
    rasterize_meshes,
    soft_silhouettes,
)
from maquette.structures import Meshes, Pointclouds
from maquette.utils import ico_sphere

SPHERE = ico_sphere(1).scale_verts(0.4).offset_verts(torch.tensor([0.0, 0.0, 1.0]))


def mesh(verts: Tensor) -> Meshes:
    return SPHERE.to(verts.device).update_padded(verts)


def cloud(verts: Tensor) -> Pointclouds:
    points = torch.linspace(-1, 1, 90).reshape(1, 30, 3)
    return Pointclouds(points.to(verts.device))


def picture(verts: Tensor) -> Tensor:
    R, T = look_at_view_transform(2.7, 10.0, 30.0)
    cameras = FoVPerspectiveCameras(R=R, T=T, device=verts.device)
    rasterizer = MeshRasterizer(
        cameras, RasterizationSettings(image_size=12, blur_radius=1e-3, faces_per_pixel=3)
    )
    coloured = Meshes([verts[0]], mesh(verts).faces_list(), TexturesVertex(verts.abs()))
    return MeshRenderer(rasterizer, SoftPhongShader(device=verts.device, cameras=cameras))(coloured)


def interpolated(verts: Tensor) -> Tensor:
    faces = torch.tensor([[[[3], [-1]], [[0], [7]]]], device=verts.device)
    bary = torch.full((1, 2, 2, 1, 3), 1 / 3, device=verts.device)
    return interpolate_face_attributes(faces, bary, verts[0][mesh(verts).faces_packed()])


OPERATORS: dict[str, Callable[[Tensor], Tensor | tuple[Tensor, ...]]] = {
    "nearest points": lambda verts: knn_points(verts, verts.flip(1), K=3, return_nn=True)[:3],
    "nearest points in float64": lambda verts: knn_points(verts.double(), verts.flip(1).double(), K=2).dists,
    "points within": lambda verts: ball_query(verts, verts.flip(1), K=4, radius=0.5)[:3],
    "farthest points": lambda verts: sample_farthest_points(verts, K=5),
    "sampled points": lambda verts: sample_points_from_meshes(mesh(verts), 20, return_normals=True),
    "cubes": lambda verts: cubify((verts.detach()[:, :27] > 0).view(-1, 3, 3, 3).float(), 0.5).verts_packed(),
    "level set": lambda verts: marching_cubes(verts.detach()[:, :27].reshape(-1, 3, 3, 3), 0.1)[0][0],
    "solid": lambda verts: voxelize(mesh(verts), 6, side=3.0).occupancy,
    "to faces": lambda verts: point_mesh_face_distance(mesh(verts), cloud(verts)),
    "to edges": lambda verts: point_mesh_edge_distance(mesh(verts), cloud(verts)),
    "chamfer": lambda verts: chamfer_distance(verts, cloud(verts))[0],
    "fragments": lambda verts: rasterize_meshes(mesh(verts), 12, 1e-3, 3, perspective_correct=True),
    "clipped fragments": lambda verts: rasterize_meshes(mesh(verts), 12, 1e-3, 3, z_clip_value=1.0),
    "silhouette": lambda verts: soft_silhouettes(mesh(verts), (9, 12), 1e-3),
    "clipped silhouette": lambda verts: soft_silhouettes(mesh(verts), 12, z_clip_value=1.0),
    "interpolated": interpolated,
    "picture": picture,
}


def values_and_gradient(operator: Callable, device: torch.device) -> list[Tensor]:
    torch.manual_seed(0)
    verts = SPHERE.verts_padded().to(device).requires_grad_()
    found = operator(verts)
    values = [found] if isinstance(found, Tensor) else [value for value in found if value is not None]
    loss = [value.double().square().sum() for value in values if value.requires_grad]
    gradients = torch.autograd.grad(torch.stack(loss).sum(), verts) if loss else ()
    return [*values, *gradients]


@pytest.mark.parametrize("name", OPERATORS)
def test_same_as_on_the_cpu(name: str) -> None:
    expected = values_and_gradient(OPERATORS[name], CPU)
    with foreign_device() as device:
        found = values_and_gradient(OPERATORS[name], device)
        assert all(value.device == FOREIGN for value in found)
        found = [value.cpu() for value in found]
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.equal(ours, theirs)


def kernels_of_other_floors() -> dict[str, object]:
    """What other floors import of `kernels`, by name."""
    found = {}
    source = Path(str(maquette.__file__)).parent
    for path in source.rglob("*.py"):
        if path.parent.name != "kernels":
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and "kernels." in (node.module or ""):
                    module = importlib.import_module(f"maquette.kernels.{node.module.rpartition('.')[2]}")
                    found |= {alias.name: getattr(module, alias.name) for alias in node.names}
    return found


def test_every_kernel_that_other_floors_call_moves_its_tensors() -> None:
    called = {name: thing for name, thing in kernels_of_other_floors().items() if inspect.isfunction(thing)}
    takes_tensors = {name for name, thing in called.items() if "Tensor" in str(inspect.signature(thing))}
    assert len(takes_tensors) >= 12
    stay = {name for name in takes_tensors if not hasattr(called[name], "__wrapped__")}
    moved_before = {"pieces", "solid_cells", "touched_cells"}  # by `voxelize`, which calls them
    by_torch = {"gather_matmul", "in_lanes"}  # the first where there is no CUDA
    assert stay == moved_before | by_torch
