"""People: functions of their numbers, and of the whole range of skin."""

import numpy as np
import pytest

from maquette.data.faces import load_model
from maquette.data.faces.people import people


@pytest.fixture(scope="module")
def crowd():
    return people(range(400), load_model())


def test_a_person_is_a_function_of_its_number(crowd) -> None:
    alone = people([123], load_model())
    for one, many in zip(alone, crowd, strict=True):
        assert np.array_equal(one[0], many[123])


def test_no_two_people_are_alike(crowd) -> None:
    assert len(np.unique(crowd.identity, axis=0)) == 400


def test_identity_is_normal_up_to_its_bounds(crowd) -> None:
    assert abs(crowd.identity.mean()) < 0.02
    assert 0.9 < crowd.identity.std() < 1.0
    assert np.abs(crowd.identity).max() == 2.5


def test_skin_goes_from_dark_to_light_and_is_never_blue(crowd) -> None:
    light = crowd.ground.mean(axis=1)
    assert light.min() < 0.2
    assert light.max() > 0.75
    assert (np.diff(crowd.ground, axis=1) < 0).all()  # more red than green, more green than blue


def test_colours_and_covers_are_in_range(crowd) -> None:
    for part in (crowd.ground, crowd.colours, crowd.covers[..., 2]):
        assert part.min() >= 0
        assert part.max() <= 1
