"""Cameras beside the true ones: a turned, scaled and moved world changes nothing."""

import pytest
import torch

from maquette.poses.compared import rotation_error, similarity_between, world_turn
from maquette.poses.silhouettes import ring
from maquette.transforms import random_rotations


def test_rotations_are_compared_behind_one_turn_of_the_world() -> None:
    R = ring(torch.arange(5) * 40.0, 20.0)
    world = random_rotations(1)[0]
    assert rotation_error(world @ R, R).max() < 0.1
    bent = R.clone()
    bent[2] = ring(torch.tensor([110.0]), 20.0)[0]  # one camera 30 degrees further around
    error = rotation_error(bent, R)
    assert error.argmax() == 2
    assert 15 < error[2] < 30


def test_the_similarity_of_two_worlds_is_found() -> None:
    R, T = ring(torch.arange(6) * 60.0, 30.0), torch.tensor([0.1, -0.05, 2.0]) + 0.1 * torch.rand(6, 3)
    turn, shift, scale = random_rotations(1)[0], torch.tensor([0.2, 0.1, -0.3]), 1.7
    found_R = turn @ R  # of the world that the similarity leads out of
    found_T = (T + shift @ R) / scale
    similarity = similarity_between(found_R, found_T, R, T)
    torch.testing.assert_close(world_turn(found_R, R), turn.T, atol=1e-5, rtol=0)
    torch.testing.assert_close(similarity.turn, turn, atol=1e-5, rtol=0)
    torch.testing.assert_close(similarity.shift, shift, atol=1e-4, rtol=0)
    assert similarity.scale == pytest.approx(scale, rel=1e-4)
    points = torch.rand(4, 3)
    seen = points @ found_R[0] + found_T[0]
    torch.testing.assert_close(similarity.points(points) @ R[0] + T[0], scale * seen, atol=1e-4, rtol=0)


def test_a_ring_that_was_put_too_high_still_sees_the_object_in_its_place() -> None:
    azimuths, T = torch.arange(8) * 45.0, torch.tensor([0.0, 0.0, 2.0]).repeat(8, 1)
    similarity = similarity_between(ring(azimuths, 40.0), T, ring(azimuths, 25.0), T)
    assert similarity.scale == pytest.approx(1)
    assert similarity.shift.abs().max() < 1e-5
