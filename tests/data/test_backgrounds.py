"""Backgrounds: kinds, ranges, photographs."""

import numpy as np
import pytest
from PIL import Image

from maquette.data.backgrounds import DRAWS, draw_backgrounds, load_photos
from maquette.data.views_config import ViewsConfig
from maquette.io.errors import BadInput


def _numbers(count: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, DRAWS))


def test_kinds_are_drawn_evenly_and_plain_ones_keep_to_their_range() -> None:
    config = ViewsConfig(backgrounds=("plain", "noise", "photos"), photos="x", plain=(0.8, 0.9))
    kind, behind, pattern = draw_backgrounds(_numbers(3000), config, 5)
    assert set(kind) == {0, 2, 3}
    assert np.bincount(kind).min(where=[True, False, True, True], initial=3000) > 900
    plain = behind[kind == 0]
    assert plain.min() >= 0.8
    assert plain.max() <= 0.9
    np.testing.assert_array_equal(plain[:, 0], plain[:, 1])
    photos = pattern[kind == 3]
    assert set(photos[:, 3]) == {0, 1, 2, 3, 4}
    assert (photos[:, :2] >= 0).all()
    assert (photos[:, :2] + photos[:, 2:3] <= 191).all()


def test_photographs_become_squares_and_broken_ones_are_left_out(tmp_path) -> None:
    (tmp_path / "deep").mkdir()
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 100:200] = (10, 200, 30)
    Image.fromarray(wide).save(tmp_path / "deep" / "a.png")
    Image.fromarray(np.full((400, 200), 90, np.uint8)).save(tmp_path / "b.jpg")
    (tmp_path / "c.jpg").write_bytes(b"no photograph")
    photos = load_photos(tmp_path)
    assert photos.shape == (2, 192, 192, 3)
    assert photos[0, 5, 5].tolist() == [90, 90, 90]
    assert photos[1].float().mean((0, 1)).tolist() == pytest.approx([10, 200, 30], abs=3)


def test_a_folder_without_photographs_is_bad_input(tmp_path) -> None:
    with pytest.raises(BadInput, match="no photograph in it"):
        load_photos(tmp_path)
    with pytest.raises(BadInput, match="no such folder"):
        load_photos(tmp_path / "none")
