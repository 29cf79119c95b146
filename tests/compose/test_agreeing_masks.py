"""Masks of known cameras that contradict each other."""

import pytest
import torch

from camera_scene import lopsided_mesh
from maquette.compose.agreeing_masks import agreeing_masks
from maquette.renderer import (
    FoVPerspectiveCameras,
    MeshRasterizer,
    RasterizationSettings,
    look_at_view_transform,
)
from maquette.structures.cameras import CamerasBase

VIEWS, SIDE = 12, 96


def cameras_and_masks(turned: tuple[int, ...] = ()) -> tuple[CamerasBase, list[torch.Tensor]]:
    """A ring of cameras, and what they see; some say that they stand elsewhere."""
    angles = torch.arange(VIEWS) * 360.0 / VIEWS
    heights = 20 + 15 * torch.sin(torch.arange(VIEWS) * 1.0)
    R, T = look_at_view_transform(2.2, heights, angles)
    true = FoVPerspectiveCameras(R=R, T=T, fov=40.0)
    seen = MeshRasterizer(true, RasterizationSettings(SIDE))(lopsided_mesh().extend(VIEWS))
    masks = list((seen.pix_to_face[..., 0] >= 0).float()[:, None])
    for i in turned:
        R[i], T[i] = (part[0] for part in look_at_view_transform(2.2, heights[i] + 5, angles[i] + 80))
    return FoVPerspectiveCameras(R=R, T=T, fov=40.0), masks


def test_masks_that_agree_stay_as_they_are() -> None:
    cameras, masks = cameras_and_masks()
    agreed = agreeing_masks(masks, cameras)
    assert agreed is not None
    assert agreed.contradict == ()
    assert all(a is b for a, b in zip(agreed.masks, masks, strict=True))
    assert min(agreed.agreement) > 0.95


def test_what_one_picture_alone_shows_is_left_out() -> None:
    cameras, masks = cameras_and_masks()
    spoiled = masks[3].clone()
    spoiled[:, 5:25, 5:30] = 1
    agreed = agreeing_masks([*masks[:3], spoiled, *masks[4:]], cameras)
    assert agreed is not None
    assert agreed.contradict == ()
    assert torch.equal(agreed.masks[3], masks[3])
    assert agreed.agreement[3] < 0.95


def test_nothing_is_below_the_ground() -> None:
    cameras, masks = cameras_and_masks()
    agreed = agreeing_masks(masks, cameras, ground=0.0)
    assert agreed is not None
    assert sum(float(mask.sum()) for mask in agreed.masks) < 0.9 * sum(float(mask.sum()) for mask in masks)


@pytest.mark.parametrize("wrong", [(3,), (3, 9)])
def test_wrong_cameras_are_told(wrong: tuple[int, ...]) -> None:
    cameras, masks = cameras_and_masks(wrong)
    agreed = agreeing_masks(masks, cameras)
    assert agreed is not None
    assert agreed.contradict == wrong
    assert all(torch.equal(agreed.masks[i], masks[i]) for i in wrong)


def test_a_camera_in_the_middle_of_the_object_is_told() -> None:
    cameras, masks = cameras_and_masks()
    cameras.T[5] = 0.02 * cameras.T[5]
    agreed = agreeing_masks(masks, cameras)
    assert agreed is not None
    assert 5 in agreed.contradict


def test_a_mask_that_is_a_line_does_not_stop_the_others() -> None:
    cameras, masks = cameras_and_masks()
    line = torch.zeros(1, 1024, 1024)
    line[:, 512, 400:600] = 1
    agreed = agreeing_masks([*masks[:3], line, *masks[4:]], cameras)
    assert agreed is not None
    assert agreed.contradict == (3,)


def test_too_few_and_none_in_common() -> None:
    cameras, masks = cameras_and_masks()
    assert agreeing_masks(masks[:4], cameras[list(range(4))]) is None
    generator = torch.Generator().manual_seed(0)
    scattered = []
    for _ in masks:
        x, y = torch.randint(0, SIDE - 6, (2,), generator=generator).tolist()
        mask = torch.zeros(1, SIDE, SIDE)
        mask[:, y : y + 6, x : x + 6] = 1
        scattered.append(mask)
    assert agreeing_masks(scattered, cameras) is None
