"""The visual hull finds an object from cameras and masks."""

import pytest
import torch

from maquette.renderer import FoVPerspectiveCameras, PerspectiveCameras, look_at_view_transform
from maquette.systems.molding.init_shape import _grown, rough_hull

CENTRE = torch.tensor([0.3, -0.2, 0.5])
RADIUS = 0.4


def ring_of_views(elev, azim, at=CENTRE, dist=2.5):
    return look_at_view_transform(dist, torch.tensor(elev), torch.tensor(azim), at=at[None])


def ball_mask(cameras, i: int, height: int, width: int) -> torch.Tensor:
    """Mask of a ball by intersecting each pixel's ray with it."""
    rows, cols = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    small = min(height, width)
    ndc = torch.stack([(width / 2 - cols) * 2 / small, (height / 2 - rows) * 2 / small], dim=-1).reshape(
        -1, 2
    )
    camera = cameras[[i]]
    size = ((height, width),)
    near, far = (
        camera.unproject_points(
            torch.cat([ndc, torch.full((len(ndc), 1), d)], 1)[None], from_ndc=True, image_size=size
        )[0]
        for d in (1.0, 2.0)
    )
    way = torch.nn.functional.normalize(far - near, dim=1)
    to_centre = CENTRE - near
    distance = (to_centre - way * (to_centre * way).sum(1, keepdim=True)).norm(dim=1)
    return (distance < RADIUS).reshape(height, width)


def fov_views(elev, azim, size=(64, 64), at=CENTRE):
    rotation, translation = ring_of_views(elev, azim, at)
    cameras = FoVPerspectiveCameras(R=rotation, T=translation)
    return cameras, [ball_mask(cameras, i, *size) for i in range(len(elev))]


def check_ball(hull, slack: float) -> None:
    torch.testing.assert_close(hull.centre, CENTRE, atol=slack, rtol=0)
    assert RADIUS * 0.95 < hull.radius < RADIUS * (1 + 2 * slack) + slack


def test_a_ball_from_many_views():
    cameras, masks = fov_views([0.0, 0, 0, 0, 60, -60, 89, 30], [0.0, 90, 45, 135, 0, 90, 0, 200])
    hull = rough_hull(cameras, masks)
    check_ball(hull, 0.1)
    assert hull.views == 8
    low, high = hull.bounds
    assert (low < CENTRE - 0.98 * RADIUS).all()
    assert (high > CENTRE + 0.98 * RADIUS).all()


def test_cameras_that_look_past_the_object():
    cameras, masks = fov_views([0.0, 0, 50, -40], [0.0, 90, 45, 200], at=torch.zeros(3))
    check_ball(rough_hull(cameras, masks), 0.2)


@pytest.mark.parametrize("views", [1, 2])
def test_few_views_still_give_a_place_and_a_size(views):
    cameras, masks = fov_views([0.0, 0.0][:views], [0.0, 90.0][:views])
    hull = rough_hull(cameras, masks)
    assert (hull.centre - CENTRE).norm() < RADIUS * 2
    assert RADIUS * 0.9 < hull.radius < RADIUS * 4


def test_pixel_cameras_with_pictures_of_different_sizes():
    rotation, translation = ring_of_views([0.0, 0, 70, 20], [0.0, 90, 30, 220])
    sizes = [(60, 90), (80, 50), (64, 64), (100, 70)]
    focal = torch.tensor([[80.0], [85], [90], [95]])
    centre = torch.tensor([[w / 2 + 3, h / 2 - 2] for h, w in sizes])
    cameras = PerspectiveCameras(
        focal_length=focal,
        principal_point=centre,
        R=rotation,
        T=translation,
        in_ndc=False,
        image_size=torch.tensor(sizes),
    )
    masks = [ball_mask(cameras, i, *size)[None].float() for i, size in enumerate(sizes)]
    check_ball(rough_hull(cameras, masks), 0.15)


def test_an_object_cut_off_by_a_picture_is_not_cut():
    cameras, masks = fov_views([0.0, 0, 0, 60], [0.0, 90, 180, 0], at=CENTRE + torch.tensor([0, 1.3, 0]))
    assert any(mask[-1].any() for mask in masks)
    others, more = fov_views([0.0, 0], [45.0, 135.0])
    rotation, translation = torch.cat([cameras.R, others.R]), torch.cat([cameras.T, others.T])
    hull = rough_hull(FoVPerspectiveCameras(R=rotation, T=translation), masks + more)
    assert hull.bounds[0][1] < CENTRE[1] - 0.9 * RADIUS


def test_one_wrong_mask_does_not_empty_the_hull():
    cameras, masks = fov_views([0.0, 0, 0, 60, 30], [0.0, 90, 180, 0, 300])
    masks[2] = torch.zeros_like(masks[2])
    masks[2][:4, :4] = True
    hull = rough_hull(cameras, masks)
    assert hull.views == 4
    assert (hull.centre - CENTRE).norm() < RADIUS


def test_bad_masks_are_named():
    cameras, masks = fov_views([0.0, 0.0], [0.0, 90.0])
    with pytest.raises(ValueError, match="mask 1 is empty"):
        rough_hull(cameras, [masks[0], torch.zeros_like(masks[1])])
    with pytest.raises(ValueError, match="each of 2 cameras, not 1"):
        rough_hull(cameras, masks[:1])


@pytest.mark.parametrize("reach", [0, 1, 4, 30])
def test_grown_masks_are_those_of_a_pooling_window(reach):
    mask = torch.rand(19, 24, generator=torch.Generator().manual_seed(reach)) > 0.97
    grown = torch.nn.functional.max_pool2d(mask.float()[None], 2 * reach + 1, stride=1, padding=reach)[0] > 0
    assert mask.any()
    assert not mask.all()
    assert torch.equal(_grown(mask, reach), grown)
