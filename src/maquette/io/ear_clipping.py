"""Cutting simple polygons, convex or not, into triangles by clipping ears.

An ear is a corner that points outwards and whose triangle, with the two corners beside it, holds no other corner;
every simple polygon has two (G. H. Meisters, "Polygons have ears", 1975). Ears are clipped one after another, from
all polygons at once: O(corners²) for each.
"""

import numpy as np


def clip_ears(points: np.ndarray) -> np.ndarray:
    """Triangles of polygons that have equally many corners.

    Args:
        points: (P, n, 2) corners, counter-clockwise, n >= 3.

    Returns:
        (P, n - 2, 3) indices of corners, counter-clockwise. Polygons that are not simple are cut all the same, where
        they look most like an ear.
    """
    x, y = np.ascontiguousarray(points[..., 0]), np.ascontiguousarray(points[..., 1])
    rows, count = np.arange(len(points)), points.shape[1]
    before, after = (np.tile(np.roll(np.arange(count), step), (len(points), 1)) for step in (1, -1))
    left = np.ones(points.shape[:2], bool)
    turn = np.empty(points.shape[:2])

    def judge(corner: np.ndarray) -> None:
        around = before[rows, corner], corner, after[rows, corner]
        turn[rows, corner] = _outward_turn(x, y, left, *around)

    for i in range(count):
        judge(np.full(len(points), i))
    triangles = np.empty((len(points), count - 2, 3), np.int64)
    for step in range(count - 2):
        ear = np.where(left, turn, -np.inf).argmax(axis=1)
        first, last = before[rows, ear], after[rows, ear]
        triangles[:, step] = np.stack([first, ear, last], axis=1)
        left[rows, ear] = False
        after[rows, first], before[rows, last] = last, first
        judge(first)
        judge(last)
    return triangles


def _outward_turn(
    x: np.ndarray, y: np.ndarray, left: np.ndarray, before: np.ndarray, corner: np.ndarray, after: np.ndarray
) -> np.ndarray:
    """(P,) 1 at an ear, at most 0 at other corners: less, the further they point inwards."""
    rows = np.arange(len(x))
    a, b, c = ((x[rows, i][:, None], y[rows, i][:, None]) for i in (before, corner, after))
    turn = _cross(a, b, c)[:, 0]
    within = left & (_cross(a, b, (x, y)) >= 0) & (_cross(b, c, (x, y)) >= 0) & (_cross(c, a, (x, y)) >= 0)
    for i in (before, corner, after):
        within[rows, i] = False
    row, other = np.nonzero(within)
    apart = np.ones(len(row), bool)
    for end in (before, corner, after):  # corners in the same place, as at the slit to a hole, do not count
        apart &= (x[row, other] != x[row, end[row]]) | (y[row, other] != y[row, end[row]])
    empty = np.bincount(row[apart], minlength=len(x)) == 0
    return np.where((turn > 0) & empty, 1.0, np.minimum(turn, 0))


def _cross(a: tuple[np.ndarray, ...], b: tuple[np.ndarray, ...], c: tuple[np.ndarray, ...]) -> np.ndarray:
    """Twice the signed area of triangles a b c."""
    area: np.ndarray = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return area
