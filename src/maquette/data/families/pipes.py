"""Solids along curves: bent pipes, strips and sheets."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from .solids import Point, Size, Solid, loft, section


def arc(
    centre: Point, radius: Size, begin: float, end: float, steps: int = 8, plane: str = "xy"
) -> Float[ndarray, "point 3"]:
    """Points along an arc of a circle or an ellipse.

    Args:
        centre: of the arc.
        radius: in metres, or one along each axis of the plane.
        begin, end: degrees from the plane's first axis towards its second.
        steps: pieces.
        plane: two of x, y and z.
    """
    angle = np.radians(np.linspace(begin, end, steps + 1))
    points = np.tile(np.asarray(centre, float), (steps + 1, 1))
    first, second = ("xyz".index(letter) for letter in plane)
    reach = (radius, radius) if isinstance(radius, int | float) else radius
    points[:, first] += reach[0] * np.cos(angle)
    points[:, second] += reach[1] * np.sin(angle)
    return points


def rounded_path(points: Sequence[Point], radius: float, steps: int = 3) -> Float[ndarray, "point 3"]:
    """A path of straight lines with each corner rounded by a quadratic curve `radius` long."""
    corners = np.asarray(points, float)
    path = [corners[:1]]
    t = np.linspace(0, 1, steps + 1)[:, None]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        a, b = (
            corner + min(radius / np.sqrt(((other - corner) ** 2).sum()), 0.49) * (other - corner)
            for other in (before, after)
        )
        path.append((1 - t) ** 2 * a + 2 * t * (1 - t) * corner + t**2 * b)
    return np.concatenate([*path, corners[-1:]])


def pipe(
    path: Float[ndarray, "point 3"],
    size: Size,
    sides: int = 6,
    closed: bool = False,
    up: Point | None = None,
    end_size: Size | None = None,
) -> Solid:
    """A section swept along a path.

    Args:
        path: at least two points, no two neighbours the same. A closed one does not repeat its first point.
        size: diameter of the section, or its (width, height).
        sides: 4 for a rectangular section, more for a round one.
        closed: the path is a loop.
        up: direction of the section's height, never along the path; None carries a frame along the path with
            the least turning, and is not for loops that leave their plane.
        end_size: of the section at the end of the path, reached evenly; the same where it is None.
    """
    ahead, behind = np.roll(path, -1, axis=0), np.roll(path, 1, axis=0)
    if not closed:
        ahead[-1], behind[0] = path[-1], path[0]
    along = ahead - behind
    along /= np.sqrt((along**2).sum(1, keepdims=True))
    ups = _carried(along) if up is None else np.broadcast_to(np.asarray(up, float), along.shape)
    across = np.cross(ups, along)
    across /= np.sqrt((across**2).sum(1, keepdims=True))
    rising = np.cross(along, across)
    first = np.broadcast_to(np.asarray(size, float), (2,))
    last = first if end_size is None else np.broadcast_to(np.asarray(end_size, float), (2,))
    scale = first + np.linspace(0, 1, len(path))[:, None] * (last - first)
    x, y = np.split(section(sides) * scale[:, None] * _mitre(along, closed)[:, None, None], 2, axis=-1)
    return loft(path[:, None] + x * across[:, None] + y * rising[:, None], closed=closed)


def _mitre(along: ndarray, closed: bool) -> ndarray:
    """How much a section grows where the path bends, so that the pipe keeps its width: 1 / cos of half the bend."""
    if closed or len(along) < 3:
        return np.ones(len(along))
    bend = np.ones(len(along))
    cosine = (along[:-2] * along[2:]).sum(1).clip(-0.5, 1)
    bend[1:-1] = 1 / np.sqrt(np.sqrt((1 + cosine) / 2))
    return bend


def _carried(along: ndarray) -> ndarray:
    """A direction across the path at each of its points, each the one before made square to the new direction."""
    up = np.eye(3)[np.abs(along[0]).argmin()]
    ups = np.empty_like(along)
    for i, direction in enumerate(along):
        up = up - (up @ direction) * direction
        up = up / np.sqrt(up @ up)
        ups[i] = up
    return ups


def sheet(
    lower: Float[ndarray, "point 3"], upper: Float[ndarray, "point 3"], thickness: float, towards: Point
) -> Solid:
    """A board between two curves, thick in one direction.

    Args:
        lower, upper: the curves, as many points each.
        thickness: metres.
        towards: the direction it is thick in, of any length; not within the board.
    """
    direction = np.asarray(towards, float)
    offset = direction * (thickness / np.sqrt((direction**2).sum()))
    return loft(np.stack([lower, upper, upper + offset, lower + offset], axis=1))
