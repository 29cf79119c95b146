"""What stands on a floor, nearest to where the pictures look: a box around it."""

import numpy as np
from jaxtyping import Float
from scipy import ndimage

Array = np.ndarray
Box = tuple[Float[Array, " 3"], Float[Array, " 3"]]

_ABOVE = 0.03  # of the floor, from which on a point belongs to a thing
_NEAR = 2.0  # distance from the middle, as seen from above, up to which points count
_CELL = 0.06  # of the map of things; points two cells apart belong to the same one
_FEW = 2  # points of a cell that counts
_REACH = 0.5  # distance from the middle at which a point counts a quarter
_PART = 0.25  # of the best thing's points, so counted, from which on another one is a part of it
_LEAST = 20  # points of a thing
_WITHIN = (1, 99)  # percentiles of the points between which a thing lies
_ROOM = 0.3  # of its breadth, that a box is wider on each side, since plain parts have no points
_BROADEST = 3.0  # of a box; cameras stand in larger ones


def standing_box(xyz: Float[Array, "point 3"], ground: float) -> Box | None:
    """A box around the thing that stands nearest to the world's middle.

    Points above the floor are put into cells as seen from above; cells that touch are one thing. It is the one that
    has most points, those far from the middle counting less, with all that have a quarter as many.

    Args:
        xyz: of a scene that is upright, its middle where the pictures look, cameras about 2.7 away
            (`poses.world.put_upright`); those that are not finite do not count.
        ground: y of the floor.

    Returns:
        Its least and its largest corner, wider than the points, down to the floor; None where nothing stands there,
        or what stands there reaches around the cameras.
    """
    away = np.hypot(xyz[:, 0], xyz[:, 2])
    things = xyz[np.isfinite(xyz).all(1) & (away < _NEAR) & (xyz[:, 1] > ground + _ABOVE)]
    if len(things) < _LEAST:
        return None
    own = _things(things[:, [0, 2]])
    weights = (1 + (things[:, [0, 2]] ** 2).sum(1) / _REACH**2) ** -2.0
    scores = np.bincount(own, weights)
    scores[0] = 0
    chosen = things[(scores >= _PART * scores.max())[own] & (own > 0)]
    if len(chosen) < _LEAST:
        return None
    low, high = np.percentile(chosen, _WITHIN, axis=0)
    room = _ROOM * (high - low)[[0, 2]].max()
    low, high = low - room, high + room
    low[1] = ground
    return (low, high) if (high - low).max() < _BROADEST else None


def _things(places: Float[Array, "point 2"]) -> np.ndarray:
    """Number of the thing that each place belongs to, from 1 on; 0 for places that are alone."""
    at = np.floor((places - places.min(0)) / _CELL).astype(int)
    count = np.zeros(at.max(0) + 1, int)
    np.add.at(count, tuple(at.T), 1)
    square = np.ones((3, 3))
    labels = ndimage.label(ndimage.binary_dilation(count >= _FEW, square), square)[0]
    own: np.ndarray = labels[tuple(at.T)]
    return own
