"""What of a picture Mesh R-CNN sees, and the way back."""

import pytest
import torch

from maquette.structures.cameras import FoVPerspectiveCameras, PerspectiveCameras
from maquette.systems.lens import Lens
from maquette.systems.mesh_rcnn.camera import AHEAD, FOCAL, project
from maquette.systems.mesh_rcnn.framing import frame


def picture(height: int, width: int, box: tuple[int, int, int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    top, bottom, left, right = box
    mask = torch.zeros(1, height, width)
    mask[:, top:bottom, left:right] = 1
    image = torch.full((3, height, width), 240 / 255)
    return image * (1 - mask) + 0.2 * mask, mask


def pixels(points: torch.Tensor, camera: PerspectiveCameras) -> torch.Tensor:
    return camera.transform_points_screen(points)[:, :2]


def test_an_object_fills_what_r2n2_shows() -> None:
    image, mask = picture(60, 80, (10, 40, 20, 60))
    framed = frame(image, mask, Lens.of_fov(40.0, (60, 80)), 64)
    dark = (framed.image[0] < 0.5).nonzero()
    width = float(dark[:, 1].max() - dark[:, 1].min() + 1)
    assert width / 64 == pytest.approx(0.65, abs=0.03)
    assert not framed.whole


@pytest.mark.parametrize(("fov", "tall"), [(30.0, 1.0), (70.0, 1.0), (40.0, 1.5)])
def test_points_appear_where_they_were_seen(fov: float, tall: float) -> None:
    image, mask = picture(60, 80, (10, 40, 20, 60))
    lens = Lens.of_fov(fov, (60, 80))
    lens = Lens(lens.focal, (44.0, 26.0), tall)
    framed = frame(image, mask, lens, 64)
    torch.manual_seed(0)
    depth = 1.0 + torch.rand(50)
    place = 1.2 * torch.rand(50, 2) - 0.6
    seen = torch.stack([place[:, 0] * depth / FOCAL, place[:, 1] * depth / FOCAL, -depth], 1)
    points = framed.points(seen)
    column = framed.left + (place[:, 0] + 1) / 2 * framed.side
    row = (framed.top + (1 - place[:, 1]) / 2 * framed.side) / round(60 * tall) * 60
    assert (pixels(points, framed.camera) - torch.stack([column, row], 1)).abs().max() < 1e-2
    assert points[:, 2].min() > 0
    assert bool((points[:, 2].argsort() == depth.argsort()).all())


@pytest.mark.parametrize("unit", [1.0, 3.0])
@pytest.mark.parametrize(("fov", "tall"), [(30.0, 1.0), (70.0, 1.0), (40.0, 1.5), (49.134, None)])
def test_points_go_to_camera_space_and_back(fov: float, tall: float | None, unit: float) -> None:
    """Without a height of pixels the picture is R2N2's own, and seen whole."""
    height, width = (60, 80) if tall else (96, 96)
    image, mask = picture(height, width, (10, 40, 20, 60))
    lens = Lens.of_fov(fov, (height, width))
    lens = Lens(lens.focal, (44.0, 26.0), tall) if tall else lens
    framed = frame(image, mask, lens, 64, looks_at_it=tall is None)
    assert framed.whole == (tall is None)
    torch.manual_seed(0)
    depth = framed.focal / framed.side * (0.7 + torch.rand(50))
    points = unit * depth[:, None] * torch.cat([0.6 * torch.rand(50, 2) - 0.3, torch.ones(50, 1)], 1)
    seen, found = framed.camera_space(points)
    assert (framed.points(seen) * found - points).abs().max() < 1e-5 * unit
    assert float(-(seen[:, 2].amin() + seen[:, 2].amax()) / 2) == pytest.approx(AHEAD)
    column, row = ((project(seen)[:, :2] * torch.tensor([1.0, -1.0]) + 1) / 2 * framed.side).unbind(1)
    want = torch.stack([framed.left + column, (framed.top + row) / framed.tall], 1)
    assert (pixels(points, framed.camera) - want).abs().max() < 0.1


def test_a_picture_of_r2n2s_own_camera_is_seen_whole() -> None:
    image, mask = picture(96, 96, (20, 70, 30, 60))
    lens = Lens.of_camera(FoVPerspectiveCameras(fov=49.134), (96, 96))
    framed = frame(image, mask, lens, 48, looks_at_it=True)
    assert framed.whole
    assert framed.side == 96
    assert (framed.image[0] < 0.5).float().mean() == pytest.approx(50 * 30 / 96**2, abs=0.02)
    seen = torch.tensor([[0.3, 0.2, -1.4]])
    assert torch.equal(framed.points(seen), torch.tensor([[-0.3, 0.2, 1.4]]))
    want = torch.tensor([[48 * (1 + FOCAL * 0.3 / 1.4), 48 * (1 - FOCAL * 0.2 / 1.4)]])
    assert (pixels(framed.points(seen), framed.camera) - want).abs().max() < 0.1
    assert not frame(image, mask, lens, 48).whole
    far = Lens.of_camera(FoVPerspectiveCameras(fov=30.0), (96, 96))
    assert not frame(image, mask, far, 48, looks_at_it=True).whole


def test_other_backgrounds_become_grey() -> None:
    image, mask = picture(96, 96, (20, 70, 30, 60))
    lens = Lens.of_camera(FoVPerspectiveCameras(fov=49.134), (96, 96))
    plain = frame(image, mask, lens, 48, looks_at_it=True).image
    loud = frame(image * mask + 0.5 * (1 - mask), mask, lens, 48, looks_at_it=True).image
    assert (plain - loud).abs().max() < 1e-3


def test_lenses_that_are_none() -> None:
    image, mask = picture(60, 80, (10, 40, 20, 60))
    with pytest.raises(ValueError, match="as tall as wide"):
        frame(image, mask, Lens(90.0, (33.0, 28.0), 20.0), 24)
    with pytest.raises(ValueError, match="no object"):
        frame(image, torch.zeros_like(mask), Lens(90.0, (33.0, 28.0)), 24)
