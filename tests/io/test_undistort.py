"""Lenses undone: straight pictures come back, half a pixel counts, and nothing is made up outside."""

import cv2
import numpy as np
import pytest
import torch

from maquette.io import BadInput, load_image, save_image
from maquette.io.cameras_parse import ViewData
from maquette.io.lens import lens_of
from maquette.io.undistort import lens_map, undistort, undistorted

SIZE = 64, 48
K = np.array([[60.0, 0, 30.3], [0, 62.0, 25.1], [0, 0, 1]])
OPENCV = lens_of("OPENCV", (-0.2, 0.05, 0.004, -0.003))
FISHEYE = lens_of("OPENCV_FISHEYE", (0.1, -0.02, 0.01, 0.0))


def view(lens, image=None, mask=None):
    return ViewData(image, mask, *SIZE, K, np.eye(3), np.zeros(3), lens)


def smooth(x, y):
    """A picture as a function of places in pixels, corners at whole numbers."""
    return np.stack(
        [0.5 + 0.4 * np.sin(x / 9), 0.5 + 0.4 * np.cos(y / 7), 0.5 + 0.3 * np.sin((x + y) / 11)], -1
    )


@pytest.mark.parametrize("lens", [OPENCV, FISHEYE], ids=["opencv", "fisheye"])
def test_places_are_those_of_opencv(lens):
    """OpenCV counts whole pixels as centres: its K is ours less a half."""
    theirs = K.copy()
    theirs[:2, 2] -= 0.5
    numbers = np.array(lens.numbers)
    make = cv2.fisheye.initUndistortRectifyMap if lens is FISHEYE else cv2.initUndistortRectifyMap
    wanted = np.stack(make(theirs, numbers, np.eye(3), theirs, SIZE, cv2.CV_32FC1), -1)
    assert np.abs(lens_map(view(lens)) - wanted).max() < 1e-3


@pytest.mark.parametrize("lens", [OPENCV, FISHEYE], ids=["opencv", "fisheye"])
def test_a_picture_that_a_lens_took_becomes_straight(tmp_path, lens):
    x, y = np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5)
    taken = np.zeros((SIZE[1], SIZE[0], 3), np.float32)
    bent = lens_map(view(lens)) + 0.5
    straight = smooth(x, y)
    # what the lens saw at a place is what a pinhole sees where the lens would have it: found by walking there
    places = np.stack([x, y], -1)
    for _ in range(30):
        there = lens.distort((places - K[:2, 2]) / K[[0, 1], [0, 1]]) * K[[0, 1], [0, 1]] + K[:2, 2]
        places = places - (there - np.stack([x, y], -1))
    taken = smooth(places[..., 0], places[..., 1]).astype(np.float32)
    save_image(torch.from_numpy(taken.transpose(2, 0, 1)), tmp_path / "taken.png")
    (new,) = undistorted([view(lens, tmp_path / "taken.png")], tmp_path)
    assert new.lens is None
    found = load_image(new.image).numpy().transpose(1, 2, 0)
    inside = ((bent > 1) & (bent < np.array(SIZE) - 1)).all(-1)
    assert inside.mean() > 0.6
    assert np.abs(found - straight)[inside].max() < 0.02


def test_outside_repeats_the_border_but_is_not_the_object(tmp_path):
    shrinking = lens_of("SIMPLE_RADIAL", (0.8,))
    places = lens_map(view(shrinking))
    pixels = np.full((SIZE[1], SIZE[0], 4), 0.25, np.float32)
    pixels[..., 3] = 1
    found = undistort(pixels, places)
    assert np.allclose(found[..., :3], 0.25)
    assert found[0, 0, 3] == 0
    assert found[24, 30, 3] == 1
    save_image(torch.ones(1, *SIZE[::-1]), tmp_path / "m.png")
    (new,) = undistorted([view(shrinking, None, tmp_path / "m.png")], tmp_path)
    mask = load_image(new.mask)[0]
    assert (new.image, mask[0, 0], mask[24, 30]) == (None, 0, 1)


def test_beyond_the_fold_of_a_lens_nothing_is_shown_again():
    folding = lens_of("SIMPLE_RADIAL", (-3.0,))
    pixels = np.ones((SIZE[1], SIZE[0], 4), np.float32)
    found = undistort(pixels, lens_map(view(folding)))
    r = np.linalg.norm(
        (np.indices(SIZE[::-1])[::-1].T.swapaxes(0, 1) + 0.5 - K[:2, 2]) / K[[0, 1], [0, 1]], axis=-1
    )
    assert (found[..., 3][r > 1 / 3 + 0.01] == 0).all()
    assert (found[..., 3][r < 1 / 3 - 0.01] == 1).all()


def test_straight_views_pass_and_bad_pictures_are_refused(tmp_path):
    straight = view(None)
    assert next(undistorted([straight], tmp_path)) is straight
    (tmp_path / "bad.png").write_text("text")
    with pytest.raises(BadInput, match=r"bad\.png"):
        list(undistorted([view(OPENCV, tmp_path / "bad.png")], tmp_path))
