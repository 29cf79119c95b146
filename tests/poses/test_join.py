"""Models that share pictures come into one world."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from camera_scene import ring
from maquette.io.colmap_model import ColmapCamera
from maquette.poses.join import Model, join_models, moved_onto, similarity

CAMERA = ColmapCamera("PINHOLE", 8, 6, (8.0, 8.0, 4.0, 3.0))
POINTS = np.random.default_rng(0).normal(size=(40, 3))


def model(numbers, seed=None, wrong=0):
    """Some pictures of a ring that all see the same points; in a world of its own where there is a seed."""
    views = ring()
    poses = {f"{i}": (views[i].R, views[i].t) for i in numbers}
    seen = {name: {feature: feature for feature in range(40)} for name in poses}
    xyz = POINTS.copy()
    xyz[:wrong] += 3
    made = Model(poses, dict.fromkeys(poses, CAMERA), xyz, np.zeros((40, 3), np.uint8), np.zeros(40), seen)
    if seed is None:
        return made
    rng = np.random.default_rng(seed)
    turn, shift, scale = Rotation.random(rng=rng).as_matrix(), rng.normal(size=3), rng.uniform(0.2, 5)
    poses = {name: (R @ turn.T, scale * t - R @ turn.T @ shift) for name, (R, t) in poses.items()}
    return replace(made, poses=poses, xyz=scale * xyz @ turn.T + shift)


def test_a_similarity_is_found():
    rng = np.random.default_rng(1)
    turn = Rotation.random(rng=rng).as_matrix()
    found = similarity(POINTS, 2.5 * POINTS @ turn.T + [1, 2, 3])
    for got, wanted in zip(found, (2.5, turn, [1, 2, 3]), strict=True):
        assert np.allclose(got, wanted)
    mirrored = similarity(POINTS, POINTS * [1, 1, -1])
    assert np.linalg.det(mirrored[1]) == pytest.approx(1)


def test_a_chain_of_models_comes_into_the_world_of_the_largest():
    models = [model([4, 5, 6], 1), model([0, 1, 2, 3], None), model([3, 4], 2, wrong=5)]
    joined = join_models(models)
    assert [len(each.poses) for each in joined] == [4, 2, 3]
    views = ring()
    for each in joined:
        for name, (R, t) in each.poses.items():
            assert np.allclose(R, views[int(name)].R, atol=1e-8)
            assert np.allclose(t, views[int(name)].t, atol=1e-8)
        assert np.allclose(each.xyz[5:], POINTS[5:], atol=1e-8)


def test_models_that_do_not_belong_together_stay_apart():
    base = model([0, 1, 2])
    assert moved_onto(model([3, 4], 1), base, {}) is None, "no picture is shared"
    few = model([2, 3], 1)
    few.seen["2"] = {feature: feature for feature in range(9)}
    assert moved_onto(few, base, {}) is None
    turned = model([2, 3], 1)
    R, t = turned.poses["2"]
    turned.poses["2"] = Rotation.from_euler("y", 20, degrees=True).as_matrix() @ R, t
    assert moved_onto(turned, base, {}) is None
    assert join_models([]) == []
    assert [len(each.poses) for each in join_models([base, model([5, 6], 3)])] == [3]


@pytest.mark.parametrize("turned", [False, True])
def test_matches_join_models_without_a_shared_picture(turned):
    base, other = model([0, 1, 2, 3]), model([4, 5], 1)
    rows = np.stack([np.arange(30), np.arange(30)], axis=1)
    rows[:8, 1] = rows[:8, 1][::-1].copy()  # wrong ones
    pair = ("4", "3") if turned else ("3", "4")
    (first, second) = join_models([other, base], {pair: rows, ("1", "7"): rows})
    assert first is base
    for name, (R, t) in second.poses.items():
        assert np.allclose(R, ring()[int(name)].R, atol=1e-8)
        assert np.allclose(t, ring()[int(name)].t, atol=1e-8)
    mixed = np.stack([np.arange(30), np.random.default_rng(2).permutation(30)], axis=1)
    assert join_models([other, base], {pair: mixed}) == [base]
    assert join_models([other, base], {pair: rows[8:17]}) == [base], "nine points are too few"
