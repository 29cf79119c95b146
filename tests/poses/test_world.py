"""The world of found cameras: upright, in the middle, of the right size."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from camera_scene import looking, ring
from maquette.io.colmap_model import SparsePoints
from maquette.poses.world import DISTANCE, put_upright


def anyhow(views, points, seed):
    """The same scene in a world of another turn, place and scale."""
    rng = np.random.default_rng(seed)
    turn, shift, scale = Rotation.random(rng=rng).as_matrix(), rng.normal(size=3) * 5, rng.uniform(0.1, 10)
    moved = [replace(v, R=v.R @ turn.T, t=scale * v.t - v.R @ turn.T @ shift) for v in views]
    return moved, SparsePoints(scale * points @ turn.T + shift, np.zeros((len(points), 3), np.uint8))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("on_object", [False, True])
def test_a_ring_comes_to_the_same_place_from_any_world(seed, on_object):
    cube = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, 5)] * 3), -1).reshape(-1, 3)
    views, points = anyhow(ring(), cube, seed)
    moved, seen, agreement, _ = put_upright(views, points, on_object)
    places = np.stack([-v.R.T @ v.t for v in moved])
    scale = DISTANCE / np.hypot(3, 1)
    assert np.allclose(places, scale * np.stack([-v.R.T @ v.t for v in ring()]), atol=1e-9)
    assert np.allclose(np.sort(seen.xyz, 0), np.sort(scale * cube, 0), atol=1e-9)
    assert agreement == pytest.approx(3 / np.hypot(3, 1))
    for new, old in zip(moved, ring(), strict=True):
        assert np.allclose(new.R, old.R, atol=1e-9)
        assert np.linalg.det(new.R) == pytest.approx(1)


def test_cameras_side_by_side_take_the_points_for_the_middle():
    views = [looking((x, 0, 5), at=(x, 0, 0)) for x in (-1, 0, 1)]
    points = SparsePoints(np.array([[0, 0, 1.0], [0, 1, 1], [0, 0.5, 1]]), np.zeros((3, 3), np.uint8))
    moved, seen, _, _ = put_upright(views, points, False)
    assert np.allclose(np.median(seen.xyz, 0), 0)
    assert np.mean([np.linalg.norm(v.t) for v in moved]) == pytest.approx(DISTANCE)
    assert np.isfinite(put_upright(views, SparsePoints(), False)[0][0].t).all()


def test_no_up_and_a_first_camera_above_are_no_harm():
    above = [looking((0, 5, 0), up=(0, 0, -1)), looking((0, 5, 0.1), up=(0, 0, 1))]
    moved, _, agreement, _ = put_upright(
        above, SparsePoints(np.zeros((1, 3)), np.zeros((1, 3), np.uint8)), True
    )
    assert agreement < 0.1
    for view in moved:
        assert np.allclose(view.R @ view.R.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(view.R) == pytest.approx(1)
