"""Pictures whose order is lost: a tour through points on a circle is the circle."""

import numpy as np
import pytest

from maquette.poses.in_order import in_order


@pytest.mark.parametrize("count", [3, 8, 15])
def test_points_on_a_circle(count: int) -> None:
    rng = np.random.default_rng(count)
    places = rng.permutation(count)
    angle = places / count * 2 * np.pi
    points = np.stack([np.cos(angle), np.sin(angle)], 1)
    likeness = -np.linalg.norm(points[:, None] - points[None], axis=-1)
    tour = in_order(likeness)
    assert sorted(tour) == list(range(count))
    steps = np.diff([*places[tour], places[tour[0]]]) % count
    assert set(steps) in ({1}, {count - 1})


def test_one_picture() -> None:
    assert in_order(np.ones((1, 1))) == [0]
