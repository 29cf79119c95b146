"""MeshRenderer: when it takes the fused silhouettes, and what it hands on."""

import pytest
import torch

from maquette.renderer import (
    BlendParams,
    FoVPerspectiveCameras,
    MeshRasterizer,
    MeshRenderer,
    MeshRendererWithFragments,
    RasterizationSettings,
    SoftSilhouetteShader,
    look_at_view_transform,
    soft_silhouettes,
)
from maquette.utils import ico_sphere

BLUR = 9.21e-4


def renderer(kind=MeshRenderer, **settings):
    R, T = look_at_view_transform(2.7, 20.0, 30.0)
    cameras = FoVPerspectiveCameras(R=R, T=T)
    chosen = RasterizationSettings(
        **{"image_size": 24, "blur_radius": BLUR, "faces_per_pixel": 60, **settings}
    )
    return kind(MeshRasterizer(cameras, chosen), SoftSilhouetteShader(BlendParams(sigma=1e-4)))


def test_fused_silhouettes_are_those_of_the_fragments():
    sphere = ico_sphere(2)
    fused = renderer()(sphere)
    through_fragments, fragments = renderer(MeshRendererWithFragments)(sphere)
    assert fused.shape == (1, 24, 24, 4)
    assert (fused[..., :3] == 1).all()
    torch.testing.assert_close(fused[..., 3], through_fragments[..., 3], atol=2e-3, rtol=0)
    assert fragments.zbuf.shape == (1, 24, 24, 60)


def test_faces_per_pixel_does_not_matter_to_fused_silhouettes():
    sphere = ico_sphere(2)
    assert torch.equal(renderer(faces_per_pixel=1)(sphere), renderer(faces_per_pixel=50)(sphere))


@pytest.mark.parametrize(
    "change", [{"blur_radius": 0.0}, {"cull_backfaces": True}, {"cull_to_frustum": True}]
)
def test_other_settings_go_through_fragments(change):
    sphere = ico_sphere(2)
    expected, _ = renderer(MeshRendererWithFragments, **change)(sphere)
    assert torch.equal(renderer(**change)(sphere), expected)


def test_settings_and_sigma_of_the_call_win():
    sphere, drawn = ico_sphere(2), renderer()
    other = RasterizationSettings((12, 20), 2e-2)
    found = drawn(sphere, raster_settings=other, blend_params=BlendParams(sigma=3e-3))
    expected = soft_silhouettes(drawn.rasterizer.transform(sphere), (12, 20), 3e-3, 2e-2)
    assert torch.equal(found[..., 3], expected)
    hard = drawn(sphere, raster_settings=RasterizationSettings(12))
    assert hard.shape == (1, 12, 12, 4)


def test_a_shader_of_ones_own_gets_fragments():
    class Halved(SoftSilhouetteShader):
        def forward(self, fragments, meshes, **kwargs):
            return super().forward(fragments, meshes, **kwargs) / 2

    sphere, drawn = ico_sphere(1), renderer()
    drawn.shader = Halved(BlendParams(sigma=1e-4))
    assert drawn(sphere).max() == 0.5


def test_gradients_reach_the_vertices():
    verts = ico_sphere(1).verts_padded().clone().requires_grad_()
    renderer()(ico_sphere(1).update_padded(verts))[..., 3].sum().backward()
    assert torch.isfinite(verts.grad).all()
    assert verts.grad.norm() > 0
