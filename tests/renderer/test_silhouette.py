"""Soft silhouettes of meshes: clipping, precision, shapes. The kernel is compared with its twin elsewhere."""

import pytest
import torch

from maquette.renderer import (
    FoVPerspectiveCameras,
    MeshRasterizer,
    RasterizationSettings,
    look_at_view_transform,
    soft_silhouettes,
)
from maquette.structures import Meshes
from maquette.utils import ico_sphere
from operator_contract import OperatorContract

FACES = torch.tensor([[0, 1, 2], [2, 3, 4]])


class TestSoftSilhouettes(OperatorContract):
    gradcheck_dtype = result_dtype = torch.float32  # the kernel's
    refused = {"Image sizes must be": lambda: soft_silhouettes(ico_sphere(0), (3, 0))}
    degenerate = {
        "faces of no area": lambda: (torch.zeros(2, 5, 3),),
        "corners in the camera": lambda: (torch.randn(2, 5, 3) * torch.tensor([1.0, 1, 0]),),
    }

    def arguments(self, batch, dtype):
        corners = torch.rand(batch, 5, 3, dtype=dtype) * torch.tensor([2.0, 2, 1], dtype=dtype)
        return (corners - torch.tensor([1.0, 1, -1], dtype=dtype),)

    def call(self, verts):
        meshes = Meshes(list(verts), [FACES] * len(verts))
        return soft_silhouettes(meshes, (4, 5), sigma=0.1, blur_radius=1.0)

    def shapes(self, batch):
        return [(batch, 4, 5)]


def seen(mesh, **camera):
    R, T = look_at_view_transform(2.7, 10.0, 40.0)
    return MeshRasterizer(FoVPerspectiveCameras(R=R, T=T, **camera)).transform(mesh)


@pytest.mark.parametrize("size", [(20, 28), (28, 20), 24])
def test_alpha_is_a_softened_hard_silhouette(size):
    sphere = seen(ico_sphere(3))
    alpha = soft_silhouettes(sphere, size, 1e-5, 9.21e-5)
    R, T = look_at_view_transform(2.7, 10.0, 40.0)
    hard = MeshRasterizer(FoVPerspectiveCameras(R=R, T=T), RasterizationSettings(size))(ico_sphere(3))
    assert alpha.shape == hard.zbuf.shape[:3]
    assert ((alpha > 0.5) == (hard.pix_to_face[..., 0] >= 0)).double().mean() > 0.98
    assert alpha.min() >= 0
    assert alpha.max() <= 1


def test_faces_are_cut_off_before_the_plane():
    """A floor from behind the camera: without a plane the whole faces are lost, with it they reach the border."""
    verts = torch.tensor([[-50.0, -1, -5], [50, -1, -5], [50, -1, 50], [-50, -1, 50]])
    floor = Meshes([verts], [torch.tensor([[0, 2, 1], [0, 3, 2]])])
    ndc = MeshRasterizer(FoVPerspectiveCameras()).transform(floor)
    assert soft_silhouettes(ndc, 16).max() == 0
    alpha = soft_silhouettes(ndc, 16, z_clip_value=0.5)
    assert alpha[0, 10:].min() > 0.5
    assert alpha[0, :7].max() == 0


def test_clipped_gradients_are_finite_and_not_zero():
    sphere = ico_sphere(2)
    verts = sphere.verts_padded().clone().requires_grad_()
    moved = sphere.update_padded(verts + torch.tensor([0.0, 1.2, 0.5]))
    ndc = MeshRasterizer(FoVPerspectiveCameras()).transform(moved)
    soft_silhouettes(ndc, 16, 1e-3, 9.21e-3, z_clip_value=0.5).sum().backward()
    assert torch.isfinite(verts.grad).all()
    assert verts.grad.norm() > 0


@pytest.mark.parametrize("plane", [None, 2.5])
def test_autocast_changes_nothing(plane):
    R, T = look_at_view_transform(2.7, 10.0, 40.0)
    rasterizer = MeshRasterizer(FoVPerspectiveCameras(R=R, T=T))
    expected = soft_silhouettes(rasterizer.transform(ico_sphere(2)), 24, z_clip_value=plane)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = soft_silhouettes(rasterizer.transform(ico_sphere(2)), 24, z_clip_value=plane)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_double_precision_comes_in_and_its_gradient_goes_back():
    verts = ico_sphere(1).verts_packed().double().requires_grad_()
    mesh = Meshes([verts + torch.tensor([0.0, 0.0, 3.0])], [ico_sphere(1).faces_packed()])
    alpha = soft_silhouettes(mesh, 12)
    alpha.sum().backward()
    assert alpha.dtype == torch.float32
    assert verts.grad.dtype == torch.float64


def test_no_faces_and_no_meshes():
    empty = Meshes([torch.zeros(0, 3)], [torch.zeros(0, 3, dtype=torch.long)])
    assert soft_silhouettes(empty, (4, 6)).tolist() == torch.zeros(1, 4, 6).tolist()
    assert soft_silhouettes(Meshes([], []), (4, 6)).shape == (0, 4, 6)
