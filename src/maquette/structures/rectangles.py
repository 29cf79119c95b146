"""Packing rectangles into a large one, such as texture maps into a single map.

The large rectangle is as wide (x) as the longest side there is. Rectangles lie down, longest first. Of the
profile of the packing - how far each row y is taken - the lowest place is chosen where the rectangle fits,
lying or else standing; when there is none, it opens new rows on top.
"""

from typing import NamedTuple

import numpy as np


class Rectangle(NamedTuple):
    """A rectangle to pack; rectangles of the same identifier share one place."""

    xsize: int
    ysize: int
    identifier: int


class PackedRectangle(NamedTuple):
    """Where a rectangle went: its corner, whether its sides were swapped, whether it is first of its kind."""

    x: int
    y: int
    flipped: bool
    is_first: bool


class PackedRectangles(NamedTuple):
    """The large rectangle's size (x, y) and the place of every rectangle, in the order given."""

    total_size: tuple[int, int]
    locations: list[PackedRectangle]


def pack_rectangles(sizes: list[tuple[int, int]]) -> PackedRectangles:
    """Place rectangles, turned where that helps, without overlap in a large one.

    Args:
        sizes: (x, y) sizes, positive, at least two.

    Returns:
        Size of the large rectangle and the places; all are marked first.

    Raises:
        ValueError: fewer than two sizes.
    """
    if len(sizes) < 2:
        raise ValueError("Cannot pack less than two boxes")
    width = max(max(size) for size in sizes)
    order = sorted(range(len(sizes)), key=lambda i: (max(sizes[i]), min(sizes[i]), i), reverse=True)

    taken = np.zeros(0, dtype=np.int64)
    places: dict[int, PackedRectangle] = {}
    for i in order:
        x_size, y_size = max(sizes[i]), min(sizes[i])
        flipped = sizes[i][0] < sizes[i][1]
        y = _lowest_fit(taken, x_size, y_size, width)
        if y is None:
            y = _lowest_fit(taken, y_size, x_size, width)
            if y is None:
                y = len(taken)
                taken = np.concatenate([taken, np.zeros(y_size, dtype=np.int64)])
            else:
                x_size, y_size, flipped = y_size, x_size, not flipped
        x = int(taken[y : y + y_size].max())
        taken[y : y + y_size] = x + x_size
        places[i] = PackedRectangle(x, y, flipped, True)
    return PackedRectangles((width, len(taken)), [places[i] for i in range(len(sizes))])


def _lowest_fit(taken: np.ndarray, x_size: int, y_size: int, width: int) -> int | None:
    """The lowest row from which `y_size` rows all have `x_size` left, or None."""
    free = np.concatenate([[0], np.cumsum(taken + x_size <= width)])
    starts = np.flatnonzero(free[y_size:] - free[:-y_size] == y_size)
    return int(starts[0]) if len(starts) else None


def pack_unique_rectangles(rectangles: list[Rectangle]) -> PackedRectangles:
    """`pack_rectangles`, placing those with the same identifier once.

    Args:
        rectangles: at least two; equal identifiers mean equal sizes.

    Returns:
        Size of the large rectangle and one place for each rectangle given; only the first of an identifier
        has `is_first`. A single distinct rectangle stays as it is.

    Raises:
        ValueError: fewer than two rectangles.
    """
    if len(rectangles) < 2:
        raise ValueError("Cannot pack less than two boxes")
    rows: dict[int, int] = {}
    for rectangle in rectangles:
        rows.setdefault(rectangle.identifier, len(rows))
    sizes = {r.identifier: (r.xsize, r.ysize) for r in reversed(rectangles)}
    distinct = [sizes[identifier] for identifier in rows]
    if len(distinct) == 1:
        total, places = distinct[0], [PackedRectangle(0, 0, False, True)]
    else:
        total, places = pack_rectangles(distinct)

    seen: set[int] = set()
    locations = []
    for identifier in (rectangle.identifier for rectangle in rectangles):
        locations.append(places[rows[identifier]]._replace(is_first=identifier not in seen))
        seen.add(identifier)
    return PackedRectangles(total, locations)
