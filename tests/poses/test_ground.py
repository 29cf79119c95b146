"""The floor among sparse points."""

import numpy as np
import pytest

from camera_scene import ring
from maquette.io.colmap_model import SparsePoints
from maquette.poses.ground import find_ground
from maquette.poses.world import put_upright


def floor_and_thing(tilt_deg: float, floor: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Points of a tilted floor at y = -.5 with a thing on it, and the floor's normal."""
    rng = np.random.default_rng(0)
    flat = rng.uniform(-1.2, 1.2, (floor, 3)) * (1, 0, 1) + (0, -0.5, 0) + rng.normal(0, 0.002, (floor, 3))
    thing = rng.uniform(-0.4, 0.4, (300, 3))
    c, s = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return np.concatenate([flat, thing]) @ turn.T, turn[:, 1]


@pytest.mark.parametrize("tilt_deg", [0.0, 12.0])
def test_the_floor_and_how_it_lies(tilt_deg: float) -> None:
    xyz, normal = floor_and_thing(tilt_deg)
    ground = find_ground(ring(), xyz, np.zeros(3), np.array([0.0, 0.7, 0.0]))
    assert ground is not None
    assert np.degrees(np.arccos(ground.normal @ normal)) < 0.2
    assert ground.height == pytest.approx(-0.5, abs=0.005)


def test_where_there_is_no_floor() -> None:
    up = np.array([0.0, 1.0, 0.0])
    steep, _ = floor_and_thing(40.0)
    few, _ = floor_and_thing(0.0, floor=40)
    above, _ = floor_and_thing(0.0)
    for xyz in (steep, few, above + np.array([0, 2, 0]), np.zeros((0, 3)), np.zeros((200, 3))):
        assert find_ground(ring(), xyz, np.zeros(3), up) is None
    assert find_ground(ring(), above, np.zeros(3), 0 * up) is None


def test_up_is_that_of_the_floor() -> None:
    xyz, normal = floor_and_thing(8.0)
    points = SparsePoints(xyz, np.zeros((len(xyz), 3), np.uint8))
    upright = put_upright(ring(), points, False)
    flat = upright.points.xyz[:400]
    assert np.ptp(flat[:, 1]) < 0.05
    assert upright.ground == pytest.approx(flat[:, 1].mean(), abs=0.005)
    turned = upright.views[0].R.T @ ring()[0].R
    assert np.allclose(turned @ normal, (0, 1, 0), atol=0.005)
