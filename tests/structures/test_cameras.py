from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.structures.cameras import (
    CamerasBase,
    FoVOrthographicCameras,
    FoVPerspectiveCameras,
    OpenGLOrthographicCameras,
    OpenGLPerspectiveCameras,
    OrthographicCameras,
    PerspectiveCameras,
    SfMOrthographicCameras,
    SfMPerspectiveCameras,
    camera_position_from_spherical_angles,
    get_world_to_view_transform,
    look_at_rotation,
    look_at_view_transform,
    try_get_projection_transform,
)
from maquette.structures.cameras_utils import camera_to_eye_at_up, join_cameras_as_batch, rotate_on_spot
from maquette.transforms import axis_angle_to_matrix, random_rotations

GOLDEN = Path(__file__).parents[1] / "golden"
SIZE = ((48, 64),)


def all_kinds(R, T):
    pixels = {"in_ndc": False, "image_size": SIZE, "principal_point": ((30.0, 25.0),)}
    return [
        FoVPerspectiveCameras(R=R, T=T, fov=50.0, znear=0.5),
        FoVOrthographicCameras(R=R, T=T, max_x=2.0, min_y=-3.0, scale_xyz=((1.5, 0.5, 1.0),)),
        PerspectiveCameras(R=R, T=T, focal_length=((2.0, 1.5),), principal_point=((0.1, -0.2),)),
        OrthographicCameras(R=R, T=T, focal_length=0.7, principal_point=((0.1, -0.2),)),
        PerspectiveCameras(R=R, T=T, focal_length=60.0, **pixels),
        OrthographicCameras(R=R, T=T, focal_length=((20.0, 25.0),), **pixels),
    ]


@pytest.fixture(params=range(6))
def cameras(request):
    R, T = look_at_view_transform(2.7, [10.0, -40.0, 85.0], [20.0, 130.0, 250.0], at=((0.1, 0.2, -0.1),))
    return all_kinds(R, T)[request.param]


def test_agrees_with_stored_values():
    for name in ("mesh_ico2.npz", "mesh_fox.npz"):
        golden = {k: torch.as_tensor(v) for k, v in np.load(GOLDEN / name).items() if v.dtype != bool}
        verts = golden["verts"]
        R, T = look_at_view_transform(
            golden["cam_dist"].item(), golden["cam_elev_deg"], golden["cam_azim_deg"]
        )
        torch.testing.assert_close(R, golden["cam_R"], atol=1e-6, rtol=0)
        torch.testing.assert_close(T, golden["cam_T"], atol=1e-6, rtol=0)
        cameras = FoVPerspectiveCameras(R=R, T=T)
        full = cameras.get_full_projection_transform().get_matrix()
        torch.testing.assert_close(full, golden["cam_full_projection"], atol=2e-6, rtol=1e-6)
        torch.testing.assert_close(
            cameras.transform_points(verts), golden["cam_verts_ndc"], atol=2e-6, rtol=1e-5
        )
        persp = PerspectiveCameras(focal_length=golden["persp_focal_ndc"].item(), R=R[:1], T=T[:1])
        torch.testing.assert_close(
            persp.transform_points(verts), golden["persp_verts_ndc"], atol=2e-6, rtol=1e-5
        )


def test_unprojection_undoes_projection(cameras):
    points = torch.randn(3, 20, 3) * 0.3
    seen = cameras.get_world_to_view_transform().transform_points(points)
    xy = cameras.transform_points(points)[..., :2]
    xy_depth = torch.cat((xy, seen[..., 2:]), dim=-1)
    torch.testing.assert_close(cameras.unproject_points(xy_depth), points, atol=2e-5, rtol=0)
    in_view = cameras.unproject_points(xy_depth, world_coordinates=False)
    torch.testing.assert_close(in_view, seen, atol=2e-5, rtol=0)
    if isinstance(cameras, PerspectiveCameras | OrthographicCameras):
        xy = cameras.transform_points_ndc(points, image_size=SIZE)[..., :2]
        from_ndc = cameras.unproject_points(torch.cat((xy, seen[..., 2:]), dim=-1), from_ndc=True)
        torch.testing.assert_close(from_ndc, points, atol=2e-5, rtol=0)
    else:
        scaled = cameras.unproject_points(cameras.transform_points(points), scaled_depth_input=True)
        torch.testing.assert_close(scaled, points, atol=2e-4, rtol=0)


def test_screen_and_ndc(cameras):
    points = torch.randn(3, 20, 3) * 0.3
    ndc = cameras.transform_points_ndc(points, image_size=SIZE)
    screen = cameras.transform_points_screen(points, image_size=SIZE)
    expected = torch.tensor([32.0, 24.0]) - 24 * ndc[..., :2]
    torch.testing.assert_close(screen[..., :2], expected, atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(screen[..., 2], ndc[..., 2])
    unflipped = cameras.transform_points_screen(points, image_size=SIZE, with_xyflip=False)
    torch.testing.assert_close(unflipped[..., :2], -screen[..., :2], atol=1e-4, rtol=1e-5)


def test_cameras_in_pixels_have_the_principal_point_of_the_picture():
    for kind in (PerspectiveCameras, OrthographicCameras):
        camera = kind(focal_length=50.0, principal_point=((30.0, 25.0),), in_ndc=False, image_size=SIZE)
        screen = camera.transform_points_screen(torch.tensor([[0.0, 0.0, 1.0], [0.1, 0.1, 1.0]]))
        torch.testing.assert_close(screen[:, :2], torch.tensor([[30.0, 25.0], [25.0, 20.0]]))


def test_screen_needs_a_size():
    with pytest.raises(ValueError, match="image_size"):
        FoVPerspectiveCameras().transform_points_screen(torch.rand(1, 3))
    with pytest.raises(ValueError, match="invalid values"):
        PerspectiveCameras(image_size=((0, 5),))


def test_near_and_far_planes_are_0_and_1():
    depths = torch.tensor([[0.0, 0.0, 2.0], [0.0, 0.0, 5.0]])
    for kind in (FoVPerspectiveCameras, FoVOrthographicCameras):
        z = kind(znear=2.0, zfar=5.0).transform_points(depths)[:, 2]
        torch.testing.assert_close(z, torch.tensor([0.0, 1.0]))
    assert FoVPerspectiveCameras(znear=2.0).get_znear() == 2
    assert PerspectiveCameras().get_znear() is None


def test_field_of_view_is_the_edge_of_the_picture():
    edge = torch.tensor([[0.0, np.tan(np.pi / 9), 1.0]], dtype=torch.float32)
    y = FoVPerspectiveCameras(fov=40.0).transform_points(edge)[0, 1]
    radians = FoVPerspectiveCameras(fov=40.0 * np.pi / 180, degrees=False).transform_points(edge)[0, 1]
    torch.testing.assert_close(torch.stack((y, radians)), torch.ones(2))


def test_center(cameras):
    center = cameras.get_camera_center()
    expected = camera_position_from_spherical_angles(2.7, [10.0, -40.0, 85.0], [20.0, 130.0, 250.0])
    torch.testing.assert_close(center, expected + torch.tensor([0.1, 0.2, -0.1]), atol=1e-5, rtol=0)


def test_parts_and_joins(cameras):
    points = torch.randn(3, 4, 3) * 0.3
    projected = cameras.transform_points(points)
    mask = torch.tensor([True, False, True])
    for index, rows in ((1, [1]), ([2, 0], [2, 0]), (torch.tensor([1, 2]), [1, 2]), (mask, [0, 2])):
        torch.testing.assert_close(cameras[index].transform_points(points[rows]), projected[rows])
    joined = join_cameras_as_batch([cameras[[0, 1]], cameras[2]])
    assert type(joined) is type(cameras)
    assert len(joined) == 3
    torch.testing.assert_close(joined.transform_points(points), projected)
    copy = cameras.clone()
    copy.T += 1
    torch.testing.assert_close(cameras.transform_points(points), projected)
    for wrong in (slice(0, 1), [True, False], 1.5, torch.tensor([0.0])):
        with pytest.raises(ValueError, match="index type"):
            cameras[wrong]
    with pytest.raises(ValueError, match="Boolean"):
        cameras[torch.tensor([True])]
    with pytest.raises(IndexError, match="out of bounds"):
        cameras[3]


def test_joins_refuse_what_does_not_fit():
    with pytest.raises(ValueError, match="same type"):
        join_cameras_as_batch([PerspectiveCameras(), OrthographicCameras()])
    with pytest.raises(ValueError, match="inherit"):
        join_cameras_as_batch([PerspectiveCameras(), 3])
    with pytest.raises(ValueError, match="_in_ndc is not constant"):
        join_cameras_as_batch([PerspectiveCameras(), PerspectiveCameras(in_ndc=False, image_size=SIZE)])
    with pytest.raises(ValueError, match="inconsistently"):
        join_cameras_as_batch([PerspectiveCameras(), PerspectiveCameras(image_size=SIZE)])


def test_calibration_matrix_replaces_parameters(cameras):
    K = cameras.get_projection_transform().get_matrix().mT.contiguous().expand(3, 4, 4)
    points = torch.randn(3, 4, 3) * 0.3
    fixed = type(cameras)(R=cameras.R, T=cameras.T, K=K)
    torch.testing.assert_close(fixed.transform_points(points), cameras.transform_points(points))
    with pytest.raises(ValueError, match="Expected K"):
        type(cameras)(R=cameras.R, T=cameras.T, K=K[:, :3]).transform_points(points)


def test_methods_take_other_parameters():
    R, T = look_at_view_transform(3.0, 20.0, [0.0, 90.0])
    points = torch.randn(5, 3) * 0.3
    camera = FoVPerspectiveCameras(fov=30.0)
    changed = camera.transform_points(points, R=R, T=T, fov=50.0)
    torch.testing.assert_close(changed, FoVPerspectiveCameras(R=R, T=T, fov=50.0).transform_points(points))
    assert torch.equal(camera.R, R)


def test_double_precision_is_kept():
    R, T = (part.double() for part in look_at_view_transform(3.0, 20.0, 40.0))
    points = torch.randn(5, 3, dtype=torch.float64) * 0.3
    for camera in all_kinds(R, T):
        assert camera.transform_points(points).dtype == torch.float64
        assert torch.autograd.gradcheck(camera.transform_points, (points.requires_grad_(),))


def test_gradients_reach_all_parameters():
    R, T = (part.double().requires_grad_() for part in look_at_view_transform(3.0, 20.0, 40.0))
    fov = torch.tensor([50.0], dtype=torch.float64, requires_grad=True)
    focal = torch.tensor([[2.0, 1.5]], dtype=torch.float64, requires_grad=True)
    points = torch.randn(4, 3, dtype=torch.float64) * 0.3
    project = lambda R, T, fov: FoVPerspectiveCameras(R=R, T=T, fov=fov).transform_points(points)  # noqa: E731
    assert torch.autograd.gradcheck(project, (R, T, fov))
    project = lambda R, T, focal: PerspectiveCameras(R=R, T=T, focal_length=focal).transform_points(points)  # noqa: E731
    assert torch.autograd.gradcheck(project, (R, T, focal))


@settings(max_examples=60, deadline=None)
@given(st.floats(0.1, 10), st.floats(-90, 90), st.floats(-360, 360))
def test_look_at_is_a_rotation_that_puts_the_target_in_the_middle(dist, elev, azim):
    R, T = look_at_view_transform(dist, elev, azim, at=((1.0, -2.0, 0.5),))
    torch.testing.assert_close(R @ R.mT, torch.eye(3)[None], atol=1e-5, rtol=0)
    assert torch.det(R) > 0.99
    target = (torch.tensor([[1.0, -2.0, 0.5]]) @ R[0] + T)[0]
    torch.testing.assert_close(target, torch.tensor([0.0, 0.0, dist]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("elev", [90.0, -90.0])
def test_look_at_from_the_poles_is_the_limit_from_nearby(elev):
    azim = torch.arange(0.0, 360.0, 45.0)
    R, _ = look_at_view_transform(2.0, elev, azim)
    near, _ = look_at_view_transform(2.0, elev * 0.9999, azim)
    torch.testing.assert_close(R, near, atol=1e-3, rtol=0)


@pytest.mark.parametrize("up", [(0.0, 1.0, 0.0), (0.0, 0.0, -3.0), (0.6, 0.8, 0.0), (0.0, 0.0, 0.0)])
@pytest.mark.parametrize("side", [1.0, -1.0, 0.0])
def test_look_at_along_up_is_a_rotation(up, side):
    eye = torch.tensor([up]) * side
    eye.requires_grad_()
    R, T = look_at_view_transform(eye=eye, up=(up,))
    torch.testing.assert_close(R @ R.mT, torch.eye(3)[None], atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.det(R), torch.ones(1))
    assert torch.autograd.grad(R.sum() + T.sum(), eye)[0].isfinite().all()


def test_seen_from_above_z_points_down():
    R = look_at_rotation(((0.0, 3.0, 0.0),))
    torch.testing.assert_close(R[0, 2], torch.tensor([0.0, -1.0, 0.0]))
    R = look_at_rotation(((0.0, -3.0, 0.0),))
    torch.testing.assert_close(R[0, 2], torch.tensor([0.0, 1.0, 0.0]))
    with pytest.raises(ValueError, match="camera_position"):
        look_at_rotation(((0.0, 3.0),))


def test_eye_at_up_describe_a_camera():
    R, T = random_rotations(5), torch.randn(5, 3)
    eye, at, up = camera_to_eye_at_up(get_world_to_view_transform(R, T))
    R2, T2 = look_at_view_transform(eye=eye, at=at, up=up)
    torch.testing.assert_close(R2, R, atol=1e-5, rtol=0)
    torch.testing.assert_close(T2, T, atol=1e-5, rtol=0)


def test_turning_on_the_spot():
    R, T = look_at_view_transform(3.0, 10.0, [0.0, 70.0])
    ahead = FoVPerspectiveCameras(R=R, T=T)
    turn = axis_angle_to_matrix(torch.tensor([0.0, 0.2, 0.0]))
    turned = FoVPerspectiveCameras(**dict(zip("RT", rotate_on_spot(R, T, turn), strict=True)))
    torch.testing.assert_close(turned.get_camera_center(), ahead.get_camera_center(), atol=1e-5, rtol=0)
    assert (turned.transform_points(torch.zeros(1, 3))[..., 0] > 0.1).all()
    single = rotate_on_spot(R[0], T[0], turn)
    torch.testing.assert_close(single[0][0], turned.R[0])
    for wrong in ((R[:, :2], T, turn), (R, T[:, :2], turn), (R, T, turn[:2])):
        with pytest.raises(ValueError, match="Invalid"):
            rotate_on_spot(*wrong)


def test_world_to_view_errors():
    for R, T in (
        (torch.rand(2, 3, 3), torch.rand(3, 3)),
        (torch.rand(2, 3), torch.rand(2, 3)),
        (torch.rand(2, 3, 3), torch.rand(2, 2)),
    ):
        with pytest.raises(ValueError, match="Expected"):
            get_world_to_view_transform(R, T)


def test_old_names_warn():
    R, T = look_at_view_transform(3.0, 10.0, 70.0)
    points = torch.rand(4, 3) * 0.3
    for old, new in (
        (OpenGLPerspectiveCameras, FoVPerspectiveCameras),
        (OpenGLOrthographicCameras, FoVOrthographicCameras),
        (SfMPerspectiveCameras, PerspectiveCameras),
        (SfMOrthographicCameras, OrthographicCameras),
    ):
        with pytest.warns(PendingDeprecationWarning, match=new.__name__):
            camera = old(R=R, T=T)
        assert type(camera) is new
        torch.testing.assert_close(camera.transform_points(points), new(R=R, T=T).transform_points(points))


def test_kinds_without_a_projection():
    assert try_get_projection_transform(CamerasBase(), {}) is None
    assert try_get_projection_transform(PerspectiveCameras(), {}).get_matrix().shape == (1, 4, 4)
