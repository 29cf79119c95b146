"""Scenes that the face finder learns from: faces where they are said to be, none where none is said to be."""

import numpy as np
import pytest
import torch

from maquette.bench.studies.face_changes import changed, dead_leaves, noise_of
from maquette.bench.studies.face_scenes import (
    SCENE,
    Cast,
    _framed,
    _share_seen,
    _with_face,
    draw_people,
    draw_scenes,
)

THINGS = np.full((2, 64, 64, 3), 0.5, np.float32)


@pytest.fixture(scope="module")
def cast() -> Cast:
    return draw_people(3, np.random.default_rng(0))


def test_scenes_are_a_function_of_the_seed(cast: Cast) -> None:
    first, second = (draw_scenes(cast, THINGS, 12, np.random.default_rng(4)) for _ in range(2))
    torch.testing.assert_close(first.images, second.images, rtol=0, atol=0)
    assert first.images.shape == (12, 3, SCENE, SCENE)
    assert 0 <= first.images.min() < first.images.max() <= 1
    faces = ~first.places.flatten(1).isnan().any(dim=1)
    assert 0 < faces.sum() < 12


def test_eyes_lie_in_the_upper_half_of_the_box_left_one_first(cast: Cast) -> None:
    scenes = draw_scenes(cast, THINGS, 40, np.random.default_rng(1))
    places = scenes.places[~scenes.places.flatten(1).isnan().any(dim=1)]
    low, high, first, second = places.unbind(dim=1)
    assert (first[:, 0] < second[:, 0]).all()
    for eye in (first, second):
        assert ((eye > low - 2) & (eye < high + 2)).all()
        assert (eye[:, 1] < (low[:, 1] + 0.65 * (high[:, 1] - low[:, 1]))).all()


def test_the_places_move_with_the_face(cast: Cast) -> None:
    """A person whose eyes alone are white, at most sizes and turns: white is where the eyes are said to be."""
    marked = Cast(cast.images.copy(), cast.places, cast.skins)
    marked.images[..., :3] = 0
    rows, columns = np.mgrid[: marked.images.shape[1], : marked.images.shape[2]] + 0.5
    for image, places in zip(marked.images, marked.places, strict=True):
        for x, y in places[2:]:
            image[np.hypot(columns - x, rows - y) < 3, :3] = 1
    hits = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        black = np.zeros((SCENE, SCENE, 3), np.float32)
        picture, places = _with_face(black, marked, seed % 3, rng, spoilt=False)
        for x, y in places[2:].astype(int):
            if 1 <= x < SCENE - 1 and 1 <= y < SCENE - 1:
                hits += picture[y - 1 : y + 2, x - 1 : x + 2].max() > 0.5
    assert hits >= 14  # others are hidden by hair and hats, or lie outside


def test_a_frame_goes_on_beyond_its_edge() -> None:
    picture = np.random.default_rng(0).random((SCENE, SCENE, 3)).astype(np.float32)
    places = np.array([[30.0, 30], [70, 70], [40, 45], [60, 45]])
    framed = [_framed(picture, places, np.random.default_rng(seed))[0] for seed in range(20)]
    changed_ones = [one for one in framed if not np.array_equal(one, picture)]
    assert 3 < len(changed_ones) < 15
    for one in changed_ones:
        assert one.shape == picture.shape
        np.testing.assert_array_equal(one[0, 50], one[5, 50])


def test_how_much_of_a_face_is_seen() -> None:
    assert _share_seen(np.array([[-10.0, 0], [10, 20]])) == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(5))
def test_grounds_and_changes_keep_size_and_range(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for ground in (dead_leaves(SCENE, rng), noise_of(SCENE, rng)):
        assert ground.shape == (SCENE, SCENE, 3)
        assert np.isfinite(ground).all()
    out = changed(np.full((SCENE, SCENE, 3), 0.5), rng)
    assert out.shape == (SCENE, SCENE, 3)
    assert 0 <= out.min() <= out.max() <= 1
