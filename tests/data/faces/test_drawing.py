"""Faces as they are drawn: Unsup3D's camera and views, landmarks where they should be."""

import math

import numpy as np
import pytest

from maquette.data.faces import load_model
from maquette.data.faces.drawing import MIDDLE, draw_faces, rotations, window_of
from maquette.data.faces.model import STEP
from maquette.data.faces.people import people
from maquette.data.faces.takes import DRAWS, takes

SIZE = 96


def test_rotations_are_those_of_unsup3d() -> None:
    turn = rotations(np.radians([[90.0, 0, 0], [0, 90, 0], [0, 0, 90]]))
    down, away, right = np.array([0, -1.0, 0]), np.array([0, 0, -1.0]), np.array([1.0, 0, 0])
    assert np.allclose(turn[0] @ down, away)  # about x, y goes to z
    assert np.allclose(turn[1] @ away, right)  # about y, z goes to x
    assert np.allclose(turn[2] @ right, down)  # about z, x goes to y


def test_the_camera_sees_ten_degrees_between_outermost_pixels() -> None:
    focal, _, middle, _ = window_of(SIZE)
    assert 2 * math.degrees(math.atan((SIZE - 0.5 - middle) / focal)) == pytest.approx(10)


def test_landmarks_are_drawn_where_unsup3d_has_them() -> None:
    """The tip of the nose and the chin, by Unsup3D's formulas: OpenCV's axes, middles of pixels at whole numbers."""
    model, count = load_model(), 12
    who, how = people(range(count), model), takes(np.random.default_rng(1).random((count, DRAWS)), model)
    depth = draw_faces(who, how, model, SIZE)[1].depth[:, 0, 0].numpy()
    focal = (SIZE - 1) / 2 / math.tan(math.radians(5))
    for i in range(count):
        coefficients = np.concatenate([who.identity[i], how.expression[i]])
        for landmark in model.landmarks[[30, 8]]:
            shape = np.tensordot(coefficients, model.deltas[landmark].double().numpy(), 1) * STEP
            at = (model.mean[landmark].double().numpy() + shape - MIDDLE) * how.scale[i] * [1, -1, -1]
            a, b, c = how.pose[i, :3]
            x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
            y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
            z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
            seen = z @ y @ x @ at + [0, 0, 1] + how.pose[i, 3:]
            column, row = focal * seen[:2] / seen[2] + (SIZE - 1) / 2
            if 1 < column < SIZE - 2 and 1 < row < SIZE - 2:
                drawn = depth[i, round(row) - 1 : round(row) + 2, round(column) - 1 : round(column) + 2]
                assert np.abs(drawn - seen[2]).min() < 0.002
