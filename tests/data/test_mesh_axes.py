from itertools import product

import numpy as np
import pytest

from maquette.data.mesh_axes import MeshAxes, parse_axes

AXES = {
    "+X": (1, 0, 0),
    "-X": (-1, 0, 0),
    "+Y": (0, 1, 0),
    "-Y": (0, -1, 0),
    "+Z": (0, 0, 1),
    "-Z": (0, 0, -1),
}


@pytest.mark.parametrize(("up", "front"), [pair for pair in product(AXES, AXES) if pair[0][1] != pair[1][1]])
def test_up_comes_to_y_and_the_front_to_z_without_mirroring(up, front):
    turn = MeshAxes(up, front).turn()
    assert np.array_equal(np.array(AXES[up]) @ turn, [0, 1, 0])
    assert np.array_equal(np.array(AXES[front]) @ turn, [0, 0, 1])
    assert np.linalg.det(turn) == pytest.approx(1)


def test_the_object_frame_is_not_turned():
    assert np.array_equal(MeshAxes().turn(), np.eye(3))


@pytest.mark.parametrize(
    ("up", "front", "reason"),
    [
        ("+Y", "-Y", "along the same axis"),
        ("Y", "+Z", "up 'Y' is none of"),
        ("+Y", "", "front '' is none of"),
    ],
)
def test_axes_that_are_none(up, front, reason):
    with pytest.raises(ValueError, match=reason):
        parse_axes(up, front)
