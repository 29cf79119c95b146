"""Pictures and gradients computed with PyTorch3D 0.7.9."""

from pathlib import Path

import numpy as np
import pytest
import torch

from maquette.renderer import (
    BlendParams,
    FoVPerspectiveCameras,
    HardPhongShader,
    MeshRasterizer,
    MeshRenderer,
    PointLights,
    RasterizationSettings,
    SoftPhongShader,
    TexturesVertex,
)
from maquette.structures import Meshes
from maquette.structures.fragments import Fragments

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture(params=["mesh_fox", "mesh_ico2"])
def golden(request) -> dict[str, torch.Tensor]:
    return {name: torch.as_tensor(value) for name, value in np.load(GOLDEN / f"{request.param}.npz").items()}


def scene(golden, verts, colors) -> tuple[Meshes, dict]:
    views = len(golden["cam_R"])
    meshes = Meshes([verts], [golden["faces"]], TexturesVertex([colors])).extend(views)
    cameras = FoVPerspectiveCameras(R=golden["cam_R"], T=golden["cam_T"])
    return meshes, {"cameras": cameras, "lights": PointLights(location=golden["phong_light_location"])}


def test_hard_phong_of_stored_fragments(golden):
    meshes, given = scene(golden, golden["verts"], golden["phong_vertex_colors"])
    names = ("hard_pix_to_face", "hard_zbuf", "hard_bary", "hard_dists")
    image = HardPhongShader(**given)(Fragments(*(golden[name] for name in names)), meshes)
    torch.testing.assert_close(image, golden["phong_rgba"], atol=1e-5, rtol=0)


def test_hard_phong(golden):
    meshes, given = scene(golden, golden["verts"], golden["phong_vertex_colors"])
    rasterizer = MeshRasterizer(given["cameras"], RasterizationSettings(image_size=64))
    image = MeshRenderer(rasterizer, HardPhongShader(**given))(meshes)
    error = (image - golden["phong_rgba"]).abs().amax(-1)
    assert (error > 1e-4).float().mean() < 1e-3


def test_soft_phong_and_its_gradients(golden):
    verts = golden["verts"].clone().requires_grad_()
    colors = golden["phong_vertex_colors"].clone().requires_grad_()
    meshes, given = scene(golden, verts, colors)
    settings = RasterizationSettings(
        image_size=64,
        blur_radius=float(golden["sil_blur_radius"]),
        faces_per_pixel=50,
        perspective_correct=False,
    )
    blend = BlendParams(sigma=float(golden["sil_sigma"]), gamma=1e-4)
    renderer = MeshRenderer(
        MeshRasterizer(given["cameras"], settings), SoftPhongShader(**given, blend_params=blend)
    )
    image = renderer(meshes)
    torch.testing.assert_close(image, golden["softphong_rgba"], atol=2e-3, rtol=0)
    loss = (image[..., :3] ** 2).mean()
    torch.testing.assert_close(loss, golden["softphong_loss_mean_square"], rtol=1e-5, atol=0)
    loss.backward()
    for gradient, name in ((verts.grad, "softphong_grad_verts"), (colors.grad, "softphong_grad_colors")):
        wanted = golden[name]
        assert torch.cosine_similarity(gradient.flatten(), wanted.flatten(), dim=0) > 0.9999
        assert (gradient - wanted).norm() < 2e-2 * wanted.norm()
