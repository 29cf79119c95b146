"""Pictures of different sizes become one batch, whose cameras see what they saw."""

import pytest
import torch

from maquette.ops.one_canvas import on_one_canvas
from maquette.renderer import FoVOrthographicCameras, FoVPerspectiveCameras
from maquette.renderer.views import sphere_views
from maquette.structures.camera_conversions import cameras_from_opencv_projection

SIZES = ((30, 40), (60, 45), (40, 20))


def _cameras() -> FoVPerspectiveCameras:
    like = sphere_views(len(SIZES), 2.7, 60.0)
    K = torch.tensor([[[50.0, 0, 21], [0, 52, 16], [0, 0, 1]]]).repeat(len(SIZES), 1, 1)
    turn = torch.tensor([-1.0, -1.0, 1.0])
    R, t = (like.R * turn).transpose(1, 2), like.T * turn
    return cameras_from_opencv_projection(R, t, K, torch.tensor(SIZES))


@pytest.mark.parametrize(("longest", "sizes"), [(None, ((45, 60), (60, 45), (60, 30))),
                                                (30, ((22, 30), (30, 22), (30, 15)))])  # fmt: skip
def test_points_stay_where_the_picture_shows_them(longest: int | None, sizes: tuple) -> None:
    pictures, cameras = [torch.rand(3, *size) for size in SIZES], _cameras()
    canvas = on_one_canvas(pictures, cameras, longest)
    assert canvas.sizes == sizes
    height, width = max(h for h, _ in sizes), max(w for _, w in sizes)
    assert canvas.pictures.shape == (3, 3, height, width)
    points = 0.3 * torch.randn(5, 3)
    for i, (old, new) in enumerate(zip(SIZES, sizes, strict=True)):
        assert canvas.inside[i].sum() == new[0] * new[1]
        before = cameras[[i]].transform_points_screen(points, image_size=(old,)).reshape(-1, 3)[:, :2]
        after = canvas.cameras[[i]].transform_points_screen(points, image_size=((height, width),))
        scale = torch.tensor([new[1] / old[1], new[0] / old[0]])
        torch.testing.assert_close(after.reshape(-1, 3)[:, :2], before * scale, atol=1e-3, rtol=0)
        torch.testing.assert_close(
            canvas.pictures[i, :, : new[0], : new[1]].mean(), pictures[i].mean(), atol=0.02, rtol=0
        )
    assert torch.equal(canvas.pictures[2, :, :, -1], canvas.pictures[2, :, :, sizes[2][1] - 1])


def test_pictures_of_one_size_stay_as_they_are() -> None:
    pictures, cameras = torch.rand(3, 1, 20, 30), _cameras()
    canvas = on_one_canvas(list(pictures), cameras, 64)
    assert torch.equal(canvas.pictures, pictures)
    assert canvas.cameras is cameras
    assert canvas.inside.all()


def test_sizes_differ_only_with_perspective() -> None:
    pictures = [torch.rand(1, 8, 8), torch.rand(1, 8, 9)]
    with pytest.raises(ValueError, match="Orthographic"):
        on_one_canvas(pictures, FoVOrthographicCameras(R=torch.eye(3).repeat(2, 1, 1)))
