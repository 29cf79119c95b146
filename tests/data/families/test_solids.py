"""Solids against the volumes of elementary geometry."""

import numpy as np
import pytest

from maquette.data.families import pipes, solids
from maquette.data.families.solids import Solid


def volume(solid: Solid) -> float:
    a, b, c = (solid.verts[solid.faces[:, i]] for i in range(3))
    return float((np.cross(b - a, c - a) * a).sum() / 6)


def is_closed(solid: Solid) -> bool:
    faces = solid.faces.tolist()
    edges = [edge for a, b, c in faces for edge in ((a, b), (b, c), (c, a))]
    return len(set(edges)) == len(edges) and {(b, a) for a, b in edges} == set(edges)


POLYGON = {
    n: n / 2 * np.sin(2 * np.pi / n) for n in (6, 8, 16, 200)
}  # area of a regular polygon in the unit circle

LINE = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]])
CASES = {
    "box": (solids.box((0, 0, 0), (1, 2, 3)), 6.0),
    "block": (solids.block(1, 2, 3, 5, 6, 7), 6.0),
    "slab": (solids.slab(solids.circle(16) * 2, 1, 1.5), POLYGON[16] * 2),
    "leg": (solids.leg((0, 0, 0), (3, 2, 1), 1.0), 2.0),
    "tapered leg": (solids.leg((0, 0, 0), (0, 3, 0), 2.0, 1.0), 7.0),
    "round leg": (solids.leg((0, 0, 0), (0, 1, 0), 2.0, None, 8), POLYGON[8]),
    "bar": (solids.bar((1, 1, 1), (1, 4, 5), (0.5, 0.2)), 0.5),
    "upright bar": (solids.bar((0, 0, 0), (0, -4, 0), 0.5, sides=6), POLYGON[6] / 4),
    "cylinder": (solids.cylinder((1, 2, 3), 0.5, 4, 16), POLYGON[16]),
    "cone": (solids.revolve([(1, 0), (0, 3)], 200), POLYGON[200]),
    "tube": (solids.revolve([(1, 0), (2, 0), (2, 1), (1, 1)], 16, closed=True), 3 * POLYGON[16]),
    "cup": (solids.revolve([(0, 0), (2, 0), (2, 3), (1, 3), (1, 1), (0, 1)], 16), 10 * POLYGON[16]),
    "disc": (solids.disc((3, 2, 1), 1, 2, 16), 2 * POLYGON[16]),
    "straight pipe": (pipes.pipe(np.array([[0.0, 0, 0], [1, 2, 2]]), (1, 0.5), 4), 1.5),
    "sheet": (pipes.sheet(LINE, LINE + np.array((0, 1, 0)), 0.5, (0, 0, 2)), 1.0),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_volume(name: str) -> None:
    solid, expected = CASES[name]
    assert is_closed(solid)
    assert volume(solid) == pytest.approx(expected, rel=1e-9)


def test_round_things_come_near_their_volumes() -> None:
    ball = solids.ellipsoid((1, 2, 3), (1, 2, 0.5), 40, 60)
    assert is_closed(ball)
    assert volume(ball) == pytest.approx(4 / 3 * np.pi, rel=0.01)
    ring = pipes.pipe(pipes.arc((0, 0, 0), 2.0, 0, 360 - 360 / 64, 63), 0.5, 32, closed=True)
    assert is_closed(ring)
    assert volume(ring) == pytest.approx(2 * np.pi * 2 * np.pi * 0.25**2, rel=0.02)
    pad = solids.cushion((0, 0, 0), (2, 1, 3), 0.2, 6)
    assert is_closed(pad)
    assert 6 * 0.9 < volume(pad) < 6
    assert np.allclose(np.ptp(pad.verts, axis=0), (2, 1, 3), atol=1e-3)


def test_a_bent_pipe_keeps_its_width() -> None:
    path = pipes.rounded_path([(0, 0, 0), (0, 5, 0), (5, 5, 0), (5, 5, 5)], 0.5, 6)
    pipe = pipes.pipe(path, 0.2, 12)
    assert is_closed(pipe)
    lengths = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
    assert volume(pipe) == pytest.approx(lengths * 12 / 2 * np.sin(np.pi / 6) * 0.01, rel=0.03)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_moves_keep_solids_solid(axis: int) -> None:
    solid = solids.leg((1, 0, 2), (1.5, 3, 2), (0.4, 0.2), 0.3)
    moved = [solid.mirrored(axis), solid.turned(33, axis, (1, 2, 3)), solid.moved(1, 2, 3)]
    assert all(is_closed(other) for other in moved)
    assert [volume(other) for other in moved] == pytest.approx([volume(solid)] * 3)


@pytest.mark.parametrize(("axis", "start", "end"), [(0, 1, 2), (1, 2, 0), (2, 0, 1)])
def test_turns_go_round_their_axis_by_the_right_hand(axis: int, start: int, end: int) -> None:
    point = Solid(np.eye(3)[[start]], np.zeros((0, 3), int))
    assert np.allclose(point.turned(90, axis).verts, np.eye(3)[[end]])
