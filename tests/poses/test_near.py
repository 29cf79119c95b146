"""Cameras that are known about: distances are told by outlines, those of judging views too."""

import pytest
import torch
from torch.nn.functional import interpolate, pad

from maquette.poses.compared import rotation_error
from maquette.poses.cube_fit import Stage
from maquette.poses.near import poses_near
from maquette.poses.silhouettes import ring
from turning_thing import FOV, UP, VIEWS, turning_thing

QUICK = (Stage(40, 16, 16), Stage(50, 20, 24, 0.5))


def test_distances_are_told_and_directions_stay() -> None:
    masks, R = turning_thing()
    smaller = list(masks)
    for i in (2, 7):  # as from 1.25 times as far; the last shapes nothing
        small = interpolate(masks[i][None, None], (51, 51), mode="area")[0, 0]
        smaller[i] = pad(small, (6, 7, 6, 7))
    noise = torch.tensor([2.0, -3.0, 1.0, 3.0, -2.0, 0.0, 2.0, -3.0])
    known = ring(torch.arange(VIEWS) * 360.0 / VIEWS + noise, UP)
    found = poses_near(smaller, known, FOV, shaping=6, stages=QUICK)
    assert found.iou.mean() > 0.85
    assert rotation_error(found.R, R).median() < 4
    assert rotation_error(found.R, known).max() < 8
    assert ((found.R @ known.transpose(1, 2)).sum(0) / VIEWS - torch.eye(3)).abs().max() < 0.05
    others = found.T[[0, 1, 3, 4, 5, 6], 2].mean()
    assert found.T[2, 2] / others == pytest.approx(1.25, abs=0.05)
    assert found.T[7, 2] / others == pytest.approx(1.25, abs=0.1)


def test_what_makes_no_sense_is_refused() -> None:
    masks, R = turning_thing()
    with pytest.raises(ValueError, match="3 outlines or more"):
        poses_near(list(masks), R, FOV, shaping=2)
    with pytest.raises(ValueError, match="is empty"):
        poses_near([*masks[:7], torch.zeros(64, 64)], R, FOV)
