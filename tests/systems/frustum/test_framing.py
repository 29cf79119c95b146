"""The square around an object, and the lens that saw it."""

import warnings

import pytest
import torch

from maquette.data.framing import cut_square
from maquette.io.errors import LeftOut
from maquette.structures.cameras import PerspectiveCameras
from maquette.systems.frustum.framing import frame
from maquette.systems.lens import Lens


def picture() -> tuple[torch.Tensor, torch.Tensor]:
    """A disc of 30 pixels across, right of the middle of 60 x 80 pixels."""
    rows, columns = torch.meshgrid(torch.arange(60) + 0.5, torch.arange(80) + 0.5, indexing="ij")
    mask = ((rows - 30) ** 2 + (columns - 55) ** 2 < 15**2).float()[None]
    return torch.rand(3, 60, 80), mask


def test_a_field_of_view_is_that_of_the_longer_side() -> None:
    for size in ((60, 80), (80, 60)):
        lens = Lens.of_fov(40.0, size)
        assert lens.fov(size) == pytest.approx(40.0)
        assert lens.axis == (size[1] / 2, size[0] / 2)


def test_the_lens_of_a_camera() -> None:
    camera = PerspectiveCameras(
        focal_length=90.0, principal_point=((33.0, 28.0),), in_ndc=False, image_size=((60, 80),)
    )
    lens = Lens.of_camera(camera, (60, 80))
    assert lens.focal == pytest.approx(90.0)
    assert lens.axis == pytest.approx((33.0, 28.0))


def test_the_frustum_lies_behind_the_square() -> None:
    """What the frustum has at a place of the square is what the camera sees at that place of the picture."""
    image, mask = picture()
    framed = frame(image, mask, Lens.of_fov(40.0, (60, 80)), 24, 0.2)
    side = 30 * 1.4
    places = torch.tensor([[[0.0, 0.0, 0.3], [1.0, 0.5, 0.9], [0.5, 0.5, 0.5]]])
    seen = framed.camera.transform_points_screen(framed.frustum.points(places))[0, :, :2]
    expected = torch.tensor([55 - side / 2, 30 - side / 2]) + side * places[0, :, :2]
    torch.testing.assert_close(seen, expected, atol=1e-3, rtol=0)


def test_the_outline_is_the_mask_seen_finer() -> None:
    image, mask = picture()
    framed = frame(image, mask, Lens.of_fov(40.0, (60, 80)), 24, 0.2)
    assert framed.mask.shape == (1, 24, 24)
    assert framed.outline.shape == (1, 48, 48)
    coarse = torch.nn.functional.avg_pool2d(framed.outline, 2)
    assert (coarse - framed.mask).abs().max() < 0.05
    assert framed.outline.mean() == pytest.approx(torch.pi * 15**2 / (30 * 1.4) ** 2, rel=0.02)


@pytest.mark.parametrize("fov", [20.0, 60.0, 90.0, 150.0])
def test_all_of_a_frustum_lies_before_the_camera(fov: float) -> None:
    image, mask = picture()
    frustum = frame(image, mask, Lens.of_fov(fov, (60, 80)), 24, 0.0).frustum
    places = torch.rand(1, 100, 3)
    points = frustum.points(places)
    assert points[..., 2].min() > 0
    torch.testing.assert_close(frustum.cells(points), places, atol=1e-4, rtol=0)


def test_pixels_that_are_not_square() -> None:
    """A picture of half the rows, by a camera that says so, is framed as the whole one."""
    image, mask = picture()
    flat, low = (torch.nn.functional.avg_pool2d(x, (2, 1)) for x in (image, mask))
    camera = PerspectiveCameras(
        focal_length=((90.0, 45.0),), principal_point=((33.0, 14.0),), in_ndc=False, image_size=((30, 80),)
    )
    lens = Lens.of_camera(camera, (30, 80))
    assert lens.tall == pytest.approx(2.0)
    assert lens.fov((30, 80)) == pytest.approx(Lens(90.0, (33.0, 28.0)).fov((60, 80)))
    framed, whole = frame(flat, low, lens, 24, 0.2), frame(image, mask, Lens(90.0, (33.0, 28.0)), 24, 0.2)
    torch.testing.assert_close(framed.frustum.focal, whole.frustum.focal, rtol=1e-4, atol=0)
    torch.testing.assert_close(framed.frustum.axis, whole.frustum.axis, rtol=1e-4, atol=1e-4)
    assert (framed.outline - whole.outline).abs().mean() < 0.02
    place = whole.frustum.points(torch.rand(1, 20, 3))
    seen = framed.camera.transform_points_screen(place) * torch.tensor([1.0, 2.0, 1.0])
    torch.testing.assert_close(seen, whole.camera.transform_points_screen(place), atol=1e-3, rtol=0)


def test_pixels_like_no_picture_are_refused() -> None:
    image, mask = picture()
    with pytest.raises(ValueError, match="20 times as tall as wide"):
        frame(image, mask, Lens(90.0, (33.0, 28.0), 20.0), 24, 0.2)


@pytest.mark.parametrize("side", [20, 50, 130, 200, 400])
def test_nothing_of_a_disc_is_too_thin(side: int) -> None:
    place = torch.arange(side) + 0.5 - side / 2
    mask = (place[:, None] ** 2 + place**2 < (0.4 * side) ** 2).float()[None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame(torch.rand(3, side, side), mask, Lens.of_fov(50.0, (side, side)), 64, 0.1)


@pytest.mark.parametrize("soft", [False, True])
def test_parts_that_are_too_thin_for_the_outline_are_said(soft: bool) -> None:
    """Legs of one pixel below a table of 600; the soft edge of a mask is no thin part."""
    mask = torch.zeros(1, 640, 640)
    mask[0, 20:120, 20:620] = 1
    if soft:
        mask = cut_square(cut_square(mask, 0, 0, 640, 80), 0, 0, 80, 640)
    image = torch.rand(3, 640, 640)
    lens = Lens.of_fov(50.0, (640, 640))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame(image, mask, lens, 64, 0.1)
    mask[0, 100:620, 100:600:100] = 1
    with pytest.warns(
        LeftOut, match=r"[34]\.\d % of the object, where it is thinner than half of one of 128"
    ):
        frame(image, mask, lens, 64, 0.1)
