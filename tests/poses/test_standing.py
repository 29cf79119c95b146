"""The box around what stands nearest the middle."""

import numpy as np
import pytest

from maquette.poses.standing import standing_box

GROUND = -0.5


def thing(at: tuple[float, float], size: float, count: int) -> np.ndarray:
    points = np.random.default_rng(count).uniform(-0.5, 0.5, (count, 3)) * size
    return points + np.array([at[0], GROUND + size / 2, at[1]])


def floor() -> np.ndarray:
    return np.random.default_rng(0).uniform(-2, 2, (2000, 3)) * (1, 0.004, 1) + (0, GROUND, 0)


@pytest.mark.parametrize("beside", [0, 300, 3000])
def test_it_is_around_the_middle_one_and_not_around_others(beside: int) -> None:
    points = np.concatenate([floor(), thing((0.1, -0.1), 0.6, 400), thing((1.6, 0.4), 0.6, beside)])
    box = standing_box(points, GROUND)
    assert box is not None
    low, high = box
    assert low[1] == GROUND
    for axis, middle in ((0, 0.1), (2, -0.1)):
        assert middle - 0.6 < low[axis] < middle - 0.29
        assert middle + 0.29 < high[axis] < middle + 0.6
    assert GROUND + 0.59 < high[1] < GROUND + 0.9


def test_parts_of_it_count_too() -> None:
    points = np.concatenate([thing((-0.3, 0.0), 0.3, 200), thing((0.3, 0.0), 0.3, 150)])
    box = standing_box(points, GROUND)
    assert box is not None
    assert box[0][0] < -0.4
    assert box[1][0] > 0.4


def test_points_far_away_cost_nothing_and_change_nothing() -> None:
    points = np.concatenate([floor(), thing((0.1, -0.1), 0.6, 400)])
    far = np.array([[1e5, 3.0, -1e7], [np.nan, 1.0, 0.0], [0.2, np.inf, 0.2]])
    near, with_far = standing_box(points, GROUND), standing_box(np.concatenate([points, far]), GROUND)
    assert near is not None
    assert with_far is not None
    assert np.array_equal(near, with_far)


def test_what_reaches_around_the_cameras_is_no_thing() -> None:
    wall = np.random.default_rng(1).uniform(-1, 1, (20000, 3)) * (2, 0.3, 2) + (0, GROUND + 0.5, 0)
    assert standing_box(wall, GROUND) is None


def test_where_nothing_stands() -> None:
    few = thing((0, 0), 0.5, 12)
    alone = np.stack([np.linspace(-3, 3, 40), np.zeros(40), np.zeros(40)], axis=1)
    for points in (floor(), few, alone, np.zeros((0, 3))):
        assert standing_box(points, GROUND) is None
