"""Cameras from outlines: a drawn object that turns evenly is found out, and what makes no sense is refused."""

import math
from dataclasses import replace

import pytest
import torch

from maquette.poses import cube_fit, silhouettes
from maquette.poses.compared import rotation_error
from maquette.poses.cube_fit import Stage
from maquette.poses.silhouettes import (
    RIVAL,
    PosesConfig,
    likeness_of,
    poses_from_silhouettes,
    poses_however_held,
    ring,
)
from turning_thing import QUICK, UP, turning_thing


@pytest.fixture(scope="module")
def turned() -> tuple[torch.Tensor, torch.Tensor]:
    return turning_thing()


def test_a_turning_object(turned: tuple[torch.Tensor, torch.Tensor]) -> None:
    masks, R = turned
    found = poses_from_silhouettes(list(masks), config=QUICK)
    best = found[0]
    assert best.loss == min(one.loss for one in found)
    assert rotation_error(best.R, R).median() < 5
    assert best.iou.mean() > 0.85
    direction = best.R[:, :, 2].mean(0)  # where the cameras look, on average: down, by the height of the ring
    assert torch.rad2deg(torch.asin(-direction[1])) == pytest.approx(UP, abs=6)
    assert best.points.abs().max() < 0.55
    assert (best.points.amax(0) - best.points.amin(0)).norm() == pytest.approx(1, abs=0.15)
    again = poses_from_silhouettes(list(masks), config=QUICK)
    assert torch.equal(again[0].R, best.R)


def test_only_what_fits_nearly_as_well_goes_to_the_end(
    turned: tuple[torch.Tensor, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    went = []

    def noted(state, outlines, colours, stage, *rest):
        after = cube_fit.moved(state, outlines, colours, stage, *rest)
        went.append((stage, state.loss, after))
        return after

    monkeypatch.setattr(silhouettes, "moved", noted)
    found = poses_from_silhouettes(list(turned[0]), config=QUICK)
    fine = sorted(after.loss for stage, _, after in went if stage == QUICK.fine)
    last = [(before, after) for stage, before, after in went if stage == QUICK.finest]
    assert [before for before, _ in last] == [loss for loss in fine if loss < RIVAL * fine[0]]
    best = min((after for _, after in last), key=lambda state: state.loss)
    assert found[0].loss == best.loss
    assert len(best.cube[0]) == QUICK.finest.cells


def test_outlines_that_reach_the_border(turned: tuple[torch.Tensor, torch.Tensor]) -> None:
    masks, R = turned
    rows = masks.amax((0, 2)).nonzero()[:, 0]
    edge = min(int(rows[0]), 63 - int(rows[-1]))
    cut = masks[:, edge : 64 - edge, edge : 64 - edge]
    assert cut[:, [0, -1]].any()
    narrow = 2 * math.degrees(math.atan((1 - edge / 32) * math.tan(math.radians(QUICK.fov) / 2)))
    found = poses_from_silhouettes(list(cut), config=replace(QUICK, fov=narrow))
    assert found[0].fov == narrow
    assert rotation_error(found[0].R, R).median() < 5
    depth = found[0].T[:, 2].mean() * (found[0].points.amax(0) - found[0].points.amin(0)).norm()
    assert depth == pytest.approx(2.0, rel=0.2)  # the thing's diagonal is about 1


def test_the_widest_lens_may_reach_the_border(turned: tuple[torch.Tensor, torch.Tensor]) -> None:
    cut = turned[0][:, 16:48, 16:48]
    one = Stage(1, 8, 12)
    short = replace(QUICK, fov=150.0, coarse=one, fine=one, finest=one, elevations=(20.0,))
    assert poses_from_silhouettes(list(cut), config=short)[0].fov == 150


def test_a_camera_that_was_held_on_its_side(turned: tuple[torch.Tensor, torch.Tensor]) -> None:
    masks, R = turned
    lying = replace(QUICK, rolls=(90.0, -90.0), elevations=(20.0,))
    for turns in (1, -1):
        found = poses_from_silhouettes(list(torch.rot90(masks, turns, (1, 2))), config=lying)
        assert rotation_error(found[0].R, R).median() > 60  # of the pictures as they lie
        upright = found[0].R @ torch.tensor([[0.0, turns, 0.0], [-turns, 0.0, 0.0], [0.0, 0.0, 1.0]])
        assert rotation_error(upright, R).median() < 6


@pytest.mark.parametrize("turns", [0, 1])
def test_pictures_that_lie_on_their_side_are_found_out(
    turns: int, turned: tuple[torch.Tensor, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silhouettes, "_WELL", 1.1)  # so that both are tried
    masks, R = turned
    images = [torch.full((3, 64, 64), 0.5)] * len(masks)
    config = replace(QUICK, elevations=(20.0,))
    found, sideways = poses_however_held(list(torch.rot90(masks, turns, (1, 2))), images, config)
    assert sideways == bool(turns)
    turn = torch.tensor([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]) if turns else torch.eye(3)
    assert rotation_error(found[0].R @ turn, R).median() < 6


def test_cameras_that_fit_are_not_turned(turned: tuple[torch.Tensor, torch.Tensor]) -> None:
    masks, _ = turned
    found, sideways = poses_however_held(list(masks), config=QUICK)
    assert not sideways
    assert torch.equal(found[0].R, poses_from_silhouettes(list(masks), config=QUICK)[0].R)


def test_likeness_of_outlines_does_not_see_place_or_size() -> None:
    masks = torch.zeros(3, 32, 32)
    masks[0, 4:12, 4:8] = 1
    masks[1, 10:26, 20:28] = 1
    masks[2, 4:8, 4:12] = 1
    likeness = likeness_of(masks)
    assert likeness[0, 1] > 0.9
    assert likeness[0, 2] < 0.5
    assert likeness == pytest.approx(likeness.T)


def test_the_ring_looks_at_the_origin_from_azimuths_about_up() -> None:
    R = ring(torch.tensor([0.0, 90.0]), 0.0)
    place = -(R @ torch.tensor([[0.0], [0.0], [2.0]]))[..., 0]  # of cameras with T = (0, 0, 2)
    assert torch.allclose(place, torch.tensor([[0.0, 0.0, 2.0], [2.0, 0.0, 0.0]]), atol=1e-6)
    assert torch.allclose(R[:, :, 1], torch.tensor([0.0, 1.0, 0.0]).expand(2, 3), atol=1e-6)
    assert torch.allclose(torch.det(R), torch.ones(2), atol=1e-6)


def test_what_is_refused() -> None:
    mask = torch.ones(8, 8)
    with pytest.raises(ValueError, match="three pictures"):
        poses_from_silhouettes([mask, mask])
    with pytest.raises(ValueError, match="empty"):
        poses_from_silhouettes([mask, mask, torch.zeros(8, 8)])
    speck = torch.zeros(400, 400)
    speck[200, 200] = 1
    with pytest.raises(ValueError, match="too small in picture 2"):
        poses_from_silhouettes([mask, mask, speck])
    with pytest.raises(ValueError, match="between -90"):
        PosesConfig(elevations=(90.0,))
    with pytest.raises(ValueError, match="a stage"):
        PosesConfig(fine=Stage(0, 8, 8))
    with pytest.raises(ValueError, match="a stage"):
        PosesConfig(finest=Stage(5, 8, 1))
    with pytest.raises(ValueError, match="fov"):
        PosesConfig(fov=0)
    with pytest.raises(ValueError, match="elevations"):
        PosesConfig(elevations=())
