"""The rasterizer's settings, its projection, and what it promises at the edges."""

import pytest
import torch

from maquette.renderer import (
    FoVOrthographicCameras,
    FoVPerspectiveCameras,
    MeshRasterizer,
    PerspectiveCameras,
    RasterizationSettings,
    look_at_view_transform,
)
from maquette.renderer.mesh.rasterize_meshes import rasterize_meshes
from maquette.structures import Meshes
from maquette.utils import ico_sphere
from operator_contract import OperatorContract

FACES = torch.tensor([[0, 1, 2], [2, 3, 4]])


class TestRasterizeMeshes(OperatorContract):
    gradcheck_dtype = result_dtype = torch.float32  # the kernel's
    refused = {
        "Image sizes must be greater": lambda: rasterize_meshes(ico_sphere(0), (3, 0)),
    }
    degenerate = {
        "faces of no area": lambda: (torch.zeros(2, 5, 3),),
        "corners in the camera": lambda: (torch.randn(2, 5, 3) * torch.tensor([1.0, 1, 0]),),
    }

    def arguments(self, batch, dtype):
        corners = torch.rand(batch, 5, 3, dtype=dtype) * torch.tensor([2.0, 2, 1], dtype=dtype)
        return (corners - torch.tensor([1.0, 1, -1], dtype=dtype),)

    def call(self, verts):
        meshes = Meshes(list(verts), [FACES] * len(verts))
        pix_to_face, *others = rasterize_meshes(meshes, (4, 5), 0.1, 2, perspective_correct=True)
        return pix_to_face % len(FACES), *others

    def shapes(self, batch):
        return [(batch, 4, 5, 2)] * 2 + [(batch, 4, 5, 2, 3), (batch, 4, 5, 2)]


def cameras(n: int = 1, **kinds) -> FoVPerspectiveCameras:
    R, T = look_at_view_transform(2.7, 20.0, torch.linspace(0, 300, n))
    return FoVPerspectiveCameras(R=R, T=T, **kinds)


def test_what_is_left_open_follows_the_camera():
    fov = MeshRasterizer(cameras(znear=0.5), RasterizationSettings()).settings()
    assert (fov["perspective_correct"], fov["z_clip_value"]) == (True, 0.25)
    assert fov["clip_barycentric_coords"] is False
    soft = MeshRasterizer(cameras(), RasterizationSettings(blur_radius=1e-3)).settings()
    assert soft["clip_barycentric_coords"] is True
    flat = MeshRasterizer(FoVOrthographicCameras(), RasterizationSettings()).settings()
    assert (flat["perspective_correct"], flat["z_clip_value"]) == (False, None)
    plain = MeshRasterizer(PerspectiveCameras(), RasterizationSettings()).settings()
    assert (plain["perspective_correct"], plain["z_clip_value"]) == (True, None)
    given = RasterizationSettings(perspective_correct=False, z_clip_value=0.1, clip_barycentric_coords=True)
    found = MeshRasterizer(cameras(), given).settings()
    assert (found["perspective_correct"], found["z_clip_value"]) == (False, 0.1)
    assert found["clip_barycentric_coords"] is True


def test_several_near_planes_clip_at_the_nearest():
    near = cameras(2, znear=torch.tensor([0.6, 0.2]))
    assert MeshRasterizer(near).settings()["z_clip_value"] == pytest.approx(0.1)


def test_transform_gives_ndc_and_view_depth():
    camera, sphere = cameras(), ico_sphere(1)
    ndc = MeshRasterizer(camera).transform(sphere).verts_packed()
    view = camera.get_world_to_view_transform().transform_points(sphere.verts_packed())
    torch.testing.assert_close(ndc[:, 2], view[:, 2])
    torch.testing.assert_close(ndc[:, :2], view[:, :2] * 3**0.5 / view[:, 2:])


def test_screen_cameras_project_as_ndc_cameras_do():
    R, T = look_at_view_transform(2.7, 20.0, 30.0)
    ndc = PerspectiveCameras(focal_length=1.5, R=R, T=T)
    screen = PerspectiveCameras(
        focal_length=30.0, principal_point=((30.0, 20.0),), R=R, T=T, in_ndc=False, image_size=((40, 60),)
    )
    sphere = ico_sphere(1)
    torch.testing.assert_close(
        MeshRasterizer(screen).transform(sphere).verts_packed(),
        MeshRasterizer(ndc).transform(sphere).verts_packed(),
        atol=1e-5,
        rtol=1e-5,
    )


def test_cameras_must_be_there_and_of_the_right_number():
    with pytest.raises(ValueError, match="Cameras must be specified"):
        MeshRasterizer()(ico_sphere(0))
    with pytest.raises(ValueError, match=r"Wrong number \(3\) of cameras"):
        MeshRasterizer(cameras(3))(ico_sphere(0).extend(2))
    with pytest.raises(ValueError, match="bin_size too small"):
        rasterize_meshes(ico_sphere(0), 256, bin_size=8)


def test_cameras_and_settings_of_the_call_win():
    rasterizer = MeshRasterizer(cameras(), RasterizationSettings(8))
    other = FoVPerspectiveCameras(T=torch.tensor([[0.0, 0.0, 5.0]]))
    seen = rasterizer(ico_sphere(1), cameras=other, raster_settings=RasterizationSettings(12))
    expected = MeshRasterizer(other, RasterizationSettings(12))(ico_sphere(1))
    assert seen.zbuf.shape == (1, 12, 12, 1)
    assert torch.equal(seen.zbuf, expected.zbuf)


def test_one_camera_serves_all_meshes():
    meshes = Meshes([ico_sphere(0).verts_packed(), 0.5 * ico_sphere(1).verts_packed()],
                    [ico_sphere(0).faces_packed(), ico_sphere(1).faces_packed()])  # fmt: skip
    both = MeshRasterizer(cameras(), RasterizationSettings(16))(meshes)
    second = MeshRasterizer(cameras(), RasterizationSettings(16))(meshes[1])
    assert torch.equal(both.zbuf[1], second.zbuf[0])


def test_empty_meshes_and_no_meshes():
    meshes = Meshes([torch.zeros(0, 3), ico_sphere(0).verts_packed()],
                    [torch.zeros(0, 3, dtype=torch.long), ico_sphere(0).faces_packed()])  # fmt: skip
    seen = MeshRasterizer(cameras(), RasterizationSettings((6, 8)))(meshes)
    assert (seen.pix_to_face[0] == -1).all()
    assert (seen.pix_to_face[1] >= 0).any()
    empty = rasterize_meshes(meshes[:1], (6, 8))
    assert empty[0].tolist() == [[[[-1] * 8] * 8] * 6]
    none = rasterize_meshes(Meshes([], []), (6, 8))
    assert none[0].shape == (0, 6, 8, 8)


@pytest.mark.parametrize("threads", [1, 2])
def test_gradients_of_no_meshes(threads):
    from maquette.kernels.rasterize import rasterize

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        none = torch.zeros(0, dtype=torch.long)
        verts = torch.zeros(3, 3, requires_grad=True)
        out = rasterize(verts, torch.zeros(0, 3, dtype=torch.long), none, none, none, (4, 4))
        out[1].sum().backward()
    finally:
        torch.set_num_threads(before)
    assert (verts.grad == 0).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_changes_nothing(dtype):
    rasterizer = MeshRasterizer(cameras(znear=3.0), RasterizationSettings(24, 1e-3, 3))  # clipped at 1.5
    expected = rasterizer(ico_sphere(2))
    with torch.autocast("cpu", dtype=dtype):
        found = rasterizer(ico_sphere(2))
    for name in ("pix_to_face", "zbuf", "bary_coords", "dists"):
        assert torch.equal(getattr(found, name), getattr(expected, name))


def test_half_precision_vertices_are_taken_as_single():
    half = ico_sphere(1).verts_packed().bfloat16()
    faces = [ico_sphere(1).faces_packed()]
    found = MeshRasterizer(cameras(), RasterizationSettings(16))(Meshes([half], faces))
    expected = MeshRasterizer(cameras(), RasterizationSettings(16))(Meshes([half.float()], faces))
    assert found.zbuf.dtype == torch.float32
    assert torch.equal(found.zbuf, expected.zbuf)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_pictures_do_not_depend_on_the_scale_of_the_world(scale):
    R, T = look_at_view_transform(2.7, 20.0, 30.0)
    sphere, settings = ico_sphere(2), RasterizationSettings((20, 26), 1e-3, 2)
    one = MeshRasterizer(PerspectiveCameras(R=R, T=T), settings)(sphere)
    far = MeshRasterizer(PerspectiveCameras(R=R, T=scale * T), settings)(sphere.scale_verts(scale))
    same = one.pix_to_face == far.pix_to_face
    assert same.double().mean() > 0.995
    torch.testing.assert_close(far.bary_coords[same], one.bary_coords[same], atol=2e-3, rtol=0)
    torch.testing.assert_close(
        far.zbuf[same].clamp(min=0) / scale, one.zbuf[same].clamp(min=0), rtol=1e-3, atol=0
    )
