import cv2
import pytest
import torch

from maquette.structures.cameras import FoVPerspectiveCameras, OrthographicCameras, PerspectiveCameras
from maquette.transforms import random_rotations, so3_log_map
from maquette.utils import (
    cameras_from_opencv_projection,
    cameras_from_opengl_projection,
    opencv_from_cameras_projection,
    opengl_from_cameras_projection,
)

SIZES = [((480, 640),), ((640, 480),), ((300, 300),)]
TO_OPENGL = torch.diag(torch.tensor([1.0, -1.0, -1.0], dtype=torch.float64))


def calibration(size):
    R = random_rotations(4, dtype=torch.float64)
    tvec = torch.randn(4, 3, dtype=torch.float64) * 0.2 + torch.tensor([0.0, 0.0, 3.0])
    K = torch.eye(3, dtype=torch.float64).repeat(4, 1, 1)
    K[:, 0, 0], K[:, 1, 1] = torch.rand(2, 4, dtype=torch.float64) * 50 + 400
    K[:, :2, 2] = torch.tensor(size[0][::-1]) * (0.3 + 0.4 * torch.rand(4, 2, dtype=torch.float64))
    return R, tvec, K, torch.tensor(size)


def pixels(points, R, tvec, K):
    seen = points @ R.mT + tvec[:, None]
    projected = seen @ K.mT
    return projected[..., :2] / projected[..., 2:]


@pytest.mark.parametrize("size", SIZES)
def test_three_conventions_see_the_same(size):
    R, tvec, K, image_size = calibration(size)
    points = torch.randn(4, 30, 3, dtype=torch.float64) * 0.4
    expected = pixels(points, R, tvec, K)
    cameras = cameras_from_opencv_projection(R, tvec, K, image_size)
    torch.testing.assert_close(cameras.transform_points_screen(points)[..., :2], expected, atol=1e-5, rtol=0)
    opengl = cameras_from_opengl_projection(TO_OPENGL @ R, tvec @ TO_OPENGL, K, image_size)
    torch.testing.assert_close(opengl.transform_points_screen(points)[..., :2], expected, atol=1e-5, rtol=0)
    gl_R, gl_t, gl_K = opengl_from_cameras_projection(cameras, image_size)
    x, y, z = (points @ gl_R.mT + gl_t[:, None]).unbind(-1)
    u = gl_K[:, 0, 0, None] * x / -z + gl_K[:, 0, 2, None]
    v = gl_K[:, 1, 2, None] - gl_K[:, 1, 1, None] * y / -z
    torch.testing.assert_close(torch.stack((u, v), dim=-1), expected, atol=1e-5, rtol=0)


def test_agrees_with_opencv():
    R, tvec, K, image_size = calibration(SIZES[0])
    points = torch.randn(30, 3, dtype=torch.float64) * 0.4
    screen = cameras_from_opencv_projection(R, tvec, K, image_size).transform_points_screen(points)
    for n in range(4):
        rvec = so3_log_map(R)[n].numpy()
        expected, _ = cv2.projectPoints(points.numpy(), rvec, tvec[n].numpy(), K[n].numpy(), None)
        torch.testing.assert_close(screen[n, :, :2], torch.from_numpy(expected)[:, 0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("pixel_center", [0.5, 0.0])
@pytest.mark.parametrize(
    ("there", "back"),
    [
        (cameras_from_opencv_projection, opencv_from_cameras_projection),
        (cameras_from_opengl_projection, opengl_from_cameras_projection),
    ],
)
def test_round_trip(size, dtype, pixel_center, there, back):
    R, tvec, K, image_size = calibration(size)
    R, tvec, K = R.to(dtype), tvec.to(dtype), K.to(dtype)
    found = back(there(R, tvec, K, image_size, pixel_center), image_size, pixel_center)
    for value, expected in zip(found, (R, tvec, K), strict=True):
        torch.testing.assert_close(value, expected, atol=1e-5, rtol=1e-6)


def test_no_half_pixel_is_lost():
    K = torch.tensor([[[100.0, 0.0, 32.0], [0.0, 100.0, 24.0], [0.0, 0.0, 1.0]]])
    R, tvec, size = torch.eye(3)[None], torch.zeros(1, 3), torch.tensor(((48, 64),))
    ahead = torch.tensor([[0.0, 0.0, 1.0]])
    middle = cameras_from_opencv_projection(R, tvec, K, size).transform_points_ndc(ahead)
    torch.testing.assert_close(middle[:, :2], torch.zeros(1, 2))
    integer_centers = cameras_from_opencv_projection(R, tvec, K, size, pixel_center=0.0)
    screen = integer_centers.transform_points_screen(ahead)
    torch.testing.assert_close(screen[:, :2], torch.tensor([[32.5, 24.5]]))


def test_other_perspective_cameras_convert_too():
    R, T = random_rotations(1), torch.tensor([[0.1, 0.2, 3.0]])
    size = torch.tensor(((48, 64),))
    points = torch.randn(1, 20, 3) * 0.3
    in_pixels = {"in_ndc": False, "image_size": size, "principal_point": ((30.0, 20.0),)}
    for cameras in (
        FoVPerspectiveCameras(R=R, T=T, fov=40.0),
        PerspectiveCameras(R=R, T=T, focal_length=((55.0, 60.0),), **in_pixels),
    ):
        expected = cameras.transform_points_screen(points, image_size=size)[..., :2]
        found = pixels(points, *opencv_from_cameras_projection(cameras, size))
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-5)


def test_what_cannot_be_kept_is_said():
    R, tvec, K, image_size = calibration(SIZES[0])
    K[:, 0, 1] = 3.0
    with pytest.warns(UserWarning, match="skew"):
        cameras_from_opencv_projection(R, tvec, K, image_size)
    with pytest.raises(ValueError, match="Orthographic"):
        opencv_from_cameras_projection(OrthographicCameras(), image_size)
