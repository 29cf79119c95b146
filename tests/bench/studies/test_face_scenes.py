"""Scenes that the face finder learns from: faces where they are said to be, none where none is said to be."""

import numpy as np
import pytest
import torch

from maquette.bench.studies.face_changes import changed, fine_noise
from maquette.bench.studies.face_objects import _square, scene_of_objects
from maquette.bench.studies.face_scenes import (
    SCENE,
    Cast,
    Props,
    _framed,
    _share_seen,
    _with_face,
    draw_people,
    draw_scenes,
)
from maquette.data.drawn_grounds import leaves, noise_of

OBJECTS = np.zeros((1, 128, 128, 4), np.float32)
OBJECTS[0, 32:96, 16:112] = [0.8, 0.2, 0.1, 1.0]
THINGS = np.full((2, 64, 64, 3), 0.5, np.float32)


@pytest.fixture(scope="module")
def cast() -> Cast:
    return draw_people(3, np.random.default_rng(0))


def props(cast: Cast) -> Props:
    return Props(cast, THINGS, OBJECTS)


def test_scenes_are_a_function_of_the_seed(cast: Cast) -> None:
    first, second = (draw_scenes(props(cast), 12, np.random.default_rng(4)) for _ in range(2))
    torch.testing.assert_close(first.images, second.images, rtol=0, atol=0)
    assert first.images.shape == (12, 3, SCENE, SCENE)
    assert 0 <= first.images.min() < first.images.max() <= 1
    faces = ~first.places.flatten(1).isnan().any(dim=1)
    assert 0 < faces.sum() < 12


def test_half_of_the_scenes_have_a_face_or_none_has(cast: Cast) -> None:
    scenes = draw_scenes(props(cast), 200, np.random.default_rng(2))
    faces = ~scenes.places.flatten(1).isnan().any(dim=1)
    assert 70 < int(faces.sum()) < 115  # of a hundred some are cut off by the picture's edge
    without = draw_scenes(props(cast), 40, np.random.default_rng(2), faces=False)
    assert without.places.isnan().all()
    assert without.sure.all()


def test_objects_lie_before_their_ground_in_colours_of_their_own() -> None:
    ground = np.full((SCENE, SCENE, 3), 0.5, np.float32)
    shares, colours = [], set()
    for seed in range(12):
        picture = scene_of_objects(ground, OBJECTS, np.random.default_rng(seed))
        assert picture.shape == ground.shape
        assert 0 <= picture.min() <= picture.max() <= 1
        there = np.abs(picture - 0.5).max(axis=2) > 0.02
        shares.append(there.mean())
        colours |= {tuple(rgb) for rgb in (picture[there] * 10).round().astype(int)}
    assert min(shares) > 0.02
    assert max(shares) < 1
    assert len(colours) > 10
    assert (ground == 0.5).all()


def test_a_drawn_object_fills_its_square() -> None:
    drawn = np.zeros((128, 128, 4), np.float32)
    drawn[10:30, 50:90] = 1
    filled = _square(drawn)[..., 3] > 0.5
    rows, columns = np.nonzero(filled.any(1))[0], np.nonzero(filled.any(0))[0]
    assert (columns.min(), columns.max()) == pytest.approx((4, 123), abs=2)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(63.5, abs=1)
    assert len(rows) == pytest.approx(len(columns) / 2, abs=3)


def test_fine_noise_differs_from_pixel_to_pixel_or_is_smooth() -> None:
    steps = []
    for seed in range(30):
        noise = fine_noise(64, np.random.default_rng(seed))
        steps.append(np.abs(np.diff(noise, axis=1)).mean() / noise.std())
    assert max(steps) > 1
    assert min(steps) < 0.3


def test_eyes_lie_in_the_upper_half_of_the_box_left_one_first(cast: Cast) -> None:
    scenes = draw_scenes(props(cast), 40, np.random.default_rng(1))
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
    for ground in (leaves(SCENE, rng), noise_of(SCENE, rng), fine_noise(SCENE, rng)):
        assert ground.shape == (SCENE, SCENE, 3)
        assert np.isfinite(ground).all()
    out = changed(np.full((SCENE, SCENE, 3), 0.5), rng)
    assert out.shape == (SCENE, SCENE, 3)
    assert 0 <= out.min() <= out.max() <= 1
