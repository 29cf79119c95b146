"""How pictures are taken: ranges of expressions, views and lights, and the same alone and among others."""

import numpy as np
import pytest

from maquette.data.faces import load_model
from maquette.data.faces.takes import DRAWS, PITCH, ROLL, YAW, takes


@pytest.fixture(scope="module")
def draws():
    return np.random.default_rng(0).random((1000, DRAWS))


@pytest.fixture(scope="module")
def many(draws):
    return takes(draws, load_model())


def test_a_take_is_the_same_alone(draws, many) -> None:
    alone = takes(draws[77:78], load_model())
    for one, all_of_them in zip(alone, many, strict=True):
        assert np.array_equal(one[0], all_of_them[77])


def test_views_keep_to_their_ranges(many) -> None:
    for i, (spread, most) in enumerate((PITCH, YAW, ROLL)):
        angles = np.degrees(many.pose[:, i])
        assert np.abs(angles).max() <= most + 1e-6
        assert 0.8 * spread < angles.std() < 1.1 * spread
    assert np.abs(many.pose[:, 3:]).max() < 0.01


def test_light_comes_from_the_front_and_is_not_too_much(many) -> None:
    assert (many.light[:, 4] > 0.4).all()
    assert np.allclose(np.linalg.norm(many.light[:, 2:], axis=1), 1)
    strongest = many.light[:, 0] + many.light[:, 1]
    assert 0.5 < strongest.min() < strongest.max() < 1.31


def test_expressions_are_mostly_weak_and_both_sides_take_part(many) -> None:
    names = load_model().expressions
    assert many.expression.min() >= 0
    assert many.expression.max() <= 1
    left, right = (many.expression[:, names.index(f"browDown_{side}")].mean() for side in "LR")
    assert left > 0
    assert right == pytest.approx(left, rel=0.2)
    assert 0.02 < many.expression[:, names.index("jawOpen")].mean() < 0.15
    assert many.expression[:, names.index("mouthClose")].max() == 0  # without an open jaw lips would cross
