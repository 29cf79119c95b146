"""Cameras by outlines: pictures that lie on their side are found out without being told."""

from dataclasses import replace

import pytest
import torch

from maquette.poses.compared import rotation_error
from maquette.poses.outlines import _answers
from turning_thing import QUICK, turning_thing

CONFIG = replace(QUICK, elevations=(20.0,))


@pytest.mark.parametrize("turns", [0, 1])
def test_lying_pictures(turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maquette.poses.outlines._UPRIGHT", 1.1)  # so that both are tried
    masks, R = turning_thing()
    images = [torch.full((3, 64, 64), 0.5)] * len(masks)
    answers = _answers(list(torch.rot90(masks, turns, (1, 2))), images, CONFIG, 0)
    assert answers.sideways == bool(turns)
    turn = torch.tensor([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]) if turns else torch.eye(3)
    assert rotation_error(answers.found[0].R @ turn, R).median() < 6


def test_cameras_that_fit_are_not_turned() -> None:
    masks, _ = turning_thing()
    images = [torch.full((3, 64, 64), 0.5)] * len(masks)
    assert not _answers(list(masks), images, CONFIG, 0).sideways
