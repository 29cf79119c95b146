"""Lenses of every model against COLMAP's own, and what holds for all."""

import json
from pathlib import Path

import numpy as np
import pytest

from maquette.io.colmap_model import MODELS
from maquette.io.lens import Lens, lens_of

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "colmap_lenses.json").read_text())["models"]


@pytest.mark.parametrize("model", MODELS)
def test_points_come_where_colmap_has_them(model):
    params, (_, first, count) = GOLDEN[model]["params"], MODELS[model]
    assert len(params) == count
    points, pixels = np.array(GOLDEN[model]["points"]), np.array(GOLDEN[model]["pixels"])
    lens = lens_of(model, tuple(params[first:]))
    bent = points if lens is None else lens.distort(points)
    focal = np.array([params[0], params[first - 3]])
    assert np.abs(bent * focal + params[first - 2 : first] - pixels).max() < 1e-8
    assert (lens is None) == (model in ("SIMPLE_PINHOLE", "PINHOLE"))


@pytest.mark.parametrize("model", [model for model, (_, first, count) in MODELS.items() if count >= first])
def test_the_middle_stays_where_it_is(model):
    numbers = GOLDEN[model]["params"][MODELS[model][1] :]
    near = np.array([[0.0, 0.0], [1e-9, -1e-9]])
    found = Lens(model, tuple(numbers)).distort(near)
    assert np.abs(found[0]).max() == 0
    assert np.abs(found[1] - near[1]).max() < 2e-9


def test_zeros_bend_nothing():
    assert lens_of("OPENCV", (0.0, 0.0, 0.0, 0.0)) is None
    assert lens_of("DIVISION", (0.0,)) is None
    assert lens_of("OPENCV_FISHEYE", (0.0, 0.0, 0.0, 0.0)) is not None
    straight = Lens("FOV", (0.0,)).distort(np.array([[0.3, -0.4]]))
    assert straight.tolist() == [[0.3, -0.4]]


def test_unknown_models_and_places_without_a_picture():
    with pytest.raises(KeyError):
        lens_of("KANNALA", ())
    assert np.isnan(Lens("DIVISION", (2.0,)).distort(np.array([[1.0, 1.0]]))).all()


@pytest.mark.parametrize(
    ("model", "numbers", "last"),
    [
        ("SIMPLE_RADIAL", (-0.5,), (2 / 3) ** 0.5),  # r - r^3 / 2
        ("OPENCV", (-0.5, 0.05, 0, 0), (3 - 5**0.5) ** 0.5),  # where 1 - 3 r^2 / 2 + r^4 / 4 is 0
        ("FULL_OPENCV", (0, 0, 0, 0, 0, 1.0, 0, 0), 1.0),  # r / (1 + r^2)
        ("FULL_OPENCV", (0, 0, 0, 0, 0, -0.25, 0, 0), 2.0),  # r / (1 - r^2 / 4)
        ("RADIAL_FISHEYE", (-1 / 3, 0), np.tan(1.0)),  # theta - theta^3 / 3
    ],
)
def test_nothing_is_seen_where_places_would_come_back(model, numbers, last):
    """Every place up to the fold is farther out than the one before; beyond it there is none."""
    r = np.linspace(0, 1.7, 1701) * last
    bent = Lens(model, numbers).distort(np.stack([r * 0.6, r * 0.8], -1))
    seen = np.isfinite(bent).all(-1)
    fold = r[seen].max()
    assert (np.isfinite(bent).any(-1) == seen).all()
    assert (seen == (r <= fold)).all()
    assert (np.diff(np.linalg.norm(bent[seen], axis=-1)) > 0).all()
    assert fold == pytest.approx(last, rel=0.002)


def test_what_always_grows_is_seen_to_the_end():
    far = np.array([[1e3, -1e3]])
    for model, numbers in (("SIMPLE_RADIAL", (0.2,)), ("OPENCV", (-0.1, 0.05, 0.01, 0.01))):
        assert np.isfinite(Lens(model, numbers).distort(far)).all()
