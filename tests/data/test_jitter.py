"""Jitter of colours as matrices."""

import numpy as np
import pytest

from maquette.data.jitter import jitter_matrices
from maquette.io.image_files import GREY_WEIGHTS

MIDDLE = np.full((1, 4), 0.5)


def _with(column: int, value: float) -> np.ndarray:
    numbers = MIDDLE.copy()
    numbers[0, column] = value
    return numbers


def test_nothing_changes_at_strength_0_or_in_the_middle() -> None:
    for numbers, strength in ((np.random.default_rng(0).random((5, 4)), 0.0), (MIDDLE, 1.0)):
        matrices, offsets = jitter_matrices(numbers, strength)
        np.testing.assert_allclose(matrices, np.broadcast_to(np.eye(3), matrices.shape), atol=1e-12)
        np.testing.assert_allclose(offsets, 0, atol=1e-12)


def test_brightness_multiplies_and_contrast_keeps_the_middle() -> None:
    matrices, offsets = jitter_matrices(_with(0, 1.0), 0.5)
    np.testing.assert_allclose(matrices[0], 1.15 * np.eye(3), atol=1e-12)
    np.testing.assert_allclose(offsets, 0, atol=1e-12)
    matrices, offsets = jitter_matrices(_with(1, 0.0), 1.0)
    np.testing.assert_allclose(matrices[0], 0.75 * np.eye(3), atol=1e-12)
    np.testing.assert_allclose(matrices[0] @ np.full(3, 0.4) + offsets[0], 0.4)


@pytest.mark.parametrize("column", [2, 3])
def test_saturation_and_hue_leave_greys(column: int) -> None:
    matrices, _ = jitter_matrices(_with(column, 0.9), 1.0)
    np.testing.assert_allclose(matrices[0] @ np.full(3, 0.7), 0.7)
    assert abs(matrices[0] - np.eye(3)).max() > 0.05


def test_saturation_keeps_brightness_and_hue_keeps_lengths() -> None:
    colour = np.array([0.9, 0.2, 0.4])
    saturated = jitter_matrices(_with(2, 0.0), 1.0)[0][0] @ colour
    assert np.dot(GREY_WEIGHTS, saturated) == pytest.approx(np.dot(GREY_WEIGHTS, colour), rel=1e-6)
    turned = jitter_matrices(_with(3, 0.0), 1.0)[0][0]
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turned) == pytest.approx(1)
