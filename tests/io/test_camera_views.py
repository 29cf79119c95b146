"""Views of `cameras.json` and PyTorch3D's cameras see the same."""

import pytest
import torch

from maquette.io import (
    CameraFile,
    CameraView,
    cameras_from_views,
    read_cameras,
    views_from_cameras,
    write_cameras,
)
from maquette.structures.cameras import FoVPerspectiveCameras, look_at_view_transform


def view(seed, width, height):
    generator = torch.Generator().manual_seed(seed)
    q, _ = torch.linalg.qr(torch.randn(3, 3, generator=generator, dtype=torch.float64))
    K = torch.tensor([[70.0 + seed, 0, 0.4 * width], [0, 75, 0.6 * height], [0, 0, 1]], dtype=torch.float64)
    t = torch.tensor([0.1, -0.2, 4.0], dtype=torch.float64)
    return CameraView(None, None, width, height, K, q * torch.sign(torch.det(q)), t)


VIEWS = (view(0, 64, 48), view(1, 33, 90))


def pixels(views, points):
    """Pixel coordinates by the definition x ~ K (R p + t)."""
    projected = [(points @ v.R.T + v.t) @ v.K.T for v in views]
    return torch.stack([p[:, :2] / p[:, 2:] for p in projected])


@pytest.mark.parametrize("convention", ["opencv", "opengl", "pytorch3d"])
def test_projection_through_a_file_of_each_convention(tmp_path, convention):
    write_cameras(CameraFile(VIEWS), tmp_path / "c.json", convention)
    cameras = cameras_from_views(read_cameras(tmp_path / "c.json").views, dtype=torch.float64)
    points = torch.randn(50, 3, dtype=torch.float64)
    sizes = torch.tensor([[v.height, v.width] for v in VIEWS])
    found = cameras.transform_points_screen(points.expand(2, -1, -1), image_size=sizes)[..., :2]
    wanted = pixels(VIEWS, points)
    assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_round_trip_through_cameras():
    sizes = torch.tensor([[v.height, v.width] for v in VIEWS])
    back = views_from_cameras(cameras_from_views(VIEWS, dtype=torch.float64), sizes)
    for new, old in zip(back, VIEWS, strict=True):
        assert (new.width, new.height) == (old.width, old.height)
        for name in ("K", "R", "t"):
            assert torch.allclose(getattr(new, name), getattr(old, name), atol=1e-9)


def test_field_of_view_cameras_can_be_written(tmp_path):
    R, T = look_at_view_transform(2.7, torch.tensor([10.0, 40.0]), torch.tensor([0.0, 100.0]))
    cameras = FoVPerspectiveCameras(R=R, T=T, fov=50.0)
    size = torch.tensor([[40, 60]])
    views = views_from_cameras(cameras, size)
    write_cameras(CameraFile(views), tmp_path / "c.json")
    again = cameras_from_views(read_cameras(tmp_path / "c.json").views)
    points = torch.randn(30, 3).expand(2, -1, -1) * 0.5
    found, wanted = (c.transform_points_screen(points, image_size=size)[..., :2] for c in (again, cameras))
    assert torch.allclose(found, wanted, rtol=1e-4, atol=1e-3)
