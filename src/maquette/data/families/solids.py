"""Closed solids as plain arrays: lofts through rings of points, and what they make: boxes, legs, cushions, vessels.

Lengths are in metres of the family's own frame: Y up, front +Z, the floor at y = 0 where there is one.
Every function returns one closed component whose faces look outwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

Point = tuple[float, float, float] | Float[ndarray, " 3"]
Size = float | tuple[float, float]
Profile = Sequence[tuple[float, float]] | Float[ndarray, "point 2"]


@dataclass(frozen=True, eq=False)
class Solid:
    """A closed surface: every edge belongs to two faces that run through it in opposite directions."""

    verts: Float[ndarray, "vert 3"]
    faces: Int[ndarray, "face 3"]

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> "Solid":
        """The solid, shifted by metres."""
        return replace(self, verts=self.verts + np.array((x, y, z)))

    def mirrored(self, axis: int = 0) -> "Solid":
        """The solid on the other side of the plane through 0 across an axis (0, 1, 2 for x, y, z)."""
        verts = self.verts.copy()
        verts[:, axis] *= -1
        return Solid(verts, self.faces[:, ::-1])

    def turned(self, degrees: float, axis: int = 1, about: Point = (0.0, 0.0, 0.0)) -> "Solid":
        """The solid, turned about an axis through a point; around y from +Z towards +X."""
        a, b = (axis + 1) % 3, (axis + 2) % 3
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        centre = np.asarray(about, float)
        verts = self.verts - centre
        u, v = verts[:, a], verts[:, b]
        verts[:, a], verts[:, b] = cos * u - sin * v, sin * u + cos * v
        return replace(self, verts=verts + centre)


@lru_cache(maxsize=1024)
def _loft_faces(rings: int, sides: int, begin: str, end: str) -> Int[ndarray, "face 3"]:
    """Faces through rings of vertices in order; each end is a "cap", a "pole" (one more vertex), or they "join"."""
    i, j = np.arange(rings if begin == "join" else rings - 1)[:, None], np.arange(sides)[None]
    at, after = i * sides, (i + 1) % rings * sides
    on = (j + 1) % sides
    quads = [(at + j, at + on, after + on), (at + j, after + on, after + j)]
    faces = [np.stack(np.broadcast_arrays(*corners), -1).reshape(-1, 3) for corners in quads]
    pole = rings * sides
    for kind, ring, sense in ((begin, 0, -1), (end, rings - 1, 1)):
        if kind == "pole":
            faces.append(_fan(sides, ring * sides, pole)[:, ::sense])
            pole += 1
        elif kind == "cap":
            faces.append((_zigzag(sides) + ring * sides)[:, ::sense])
    return np.concatenate(faces)


def _fan(sides: int, first: int, pole: int) -> Int[ndarray, "face 3"]:
    j = np.arange(sides)
    return np.stack([first + j, first + (j + 1) % sides, np.full(sides, pole)], -1)


def _zigzag(sides: int) -> Int[ndarray, "face 3"]:
    """A polygon cut into triangles between its two sides; fits convex ones, and ribbons that begin at their end."""
    low, high, faces = 0, sides - 1, []
    while high - low > 1:
        faces.append((low, low + 1, high))
        low += 1
        if high - low > 1:
            faces.append((low, high - 1, high))
            high -= 1
    return np.array(faces)


def loft(
    rings: Float[ndarray, "ring side 3"],
    begin: Point | None = None,
    end: Point | None = None,
    closed: bool = False,
) -> Solid:
    """A skin through rings of points, the same number each.

    Args:
        rings: at least two, all turning the same way.
        begin: point where the skin closes before the first ring; None for a flat cap.
        end: point where it closes behind the last ring; None for a flat cap.
        closed: the last ring is joined to the first, as in a tyre.
    """
    count, sides, _ = rings.shape
    poles = [np.asarray(point, float)[None] for point in (begin, end) if point is not None]
    verts = np.concatenate([rings.reshape(-1, 3), *poles])
    kinds = ["join" if closed else "cap" if point is None else "pole" for point in (begin, end)]
    faces = _loft_faces(count, sides, *kinds)
    a, b, c = verts[faces[:, 0]], verts[faces[:, 1]], verts[faces[:, 2]]
    volume = (_crossed(b - a, c - a) * (a - verts[0])).sum()
    return Solid(verts, faces if volume > 0 else faces[:, ::-1])


def _crossed(a: ndarray, b: ndarray) -> ndarray:
    """Cross products of rows; np.cross takes five times as long for a few rows."""
    product: ndarray = a[:, (1, 2, 0)] * b[:, (2, 0, 1)] - a[:, (2, 0, 1)] * b[:, (1, 2, 0)]
    return product


_CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2


@lru_cache(maxsize=64)
def circle(sides: int) -> Float[ndarray, "side 2"]:
    """Points (x, z) around a circle of radius 1."""
    angle = np.arange(sides) * (2 * np.pi / sides) + np.pi / sides
    return np.stack([np.sin(angle), np.cos(angle)], -1)


def section(sides: int) -> Float[ndarray, "side 2"]:
    """Outline of a leg, bar or pipe of width 1: a square for 4 sides, else a circle."""
    return _CORNERS if sides == 4 else circle(sides) / 2


def rounded_rectangle(width: float, depth: float, radius: float, steps: int = 3) -> Float[ndarray, "side 2"]:
    """Outline (x, z) of a rectangle around 0 with round corners.

    Args:
        width: along x; depth: along z.
        radius: of the corners; 0 for a plain rectangle.
        steps: pieces a corner.
    """
    radius = min(radius, 0.4999 * width, 0.4999 * depth)
    if radius <= 0:
        return _CORNERS * (width, depth)
    signs, directions = _corner_signs(steps)
    return signs * (width / 2 - radius, depth / 2 - radius) + radius * directions


@lru_cache(maxsize=16)
def _corner_signs(steps: int) -> tuple[ndarray, ndarray]:
    """Which corner each point belongs to, and its direction from that corner's centre."""
    angle = np.radians(np.arange(4)[:, None] * 90.0 + np.linspace(0, 90, steps + 1)[None]).reshape(-1)
    signs = np.repeat(np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]), steps + 1, axis=0)
    return signs.astype(float), np.stack([np.cos(angle), np.sin(angle)], -1)


def superellipse(width: float, depth: float, power: float = 2.0, sides: int = 20) -> Float[ndarray, "side 2"]:
    """Outline |2x/width|^power + |2z/depth|^power = 1: 2 an ellipse, larger ones nearer to a rectangle."""
    at: ndarray = circle(sides)
    at = np.sign(at) * np.abs(at) ** (2 / power)
    return at * (width / 2, depth / 2)


def _level(outline: ndarray, y: float) -> ndarray:
    return np.insert(outline, 1, y, axis=1)


def box(low: Point, high: Point) -> Solid:
    """A box between two corners."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    plan = _CORNERS * (high - low)[[0, 2]] + ((low + high) / 2)[[0, 2]]
    return loft(np.stack([_level(plan, low[1]), _level(plan, high[1])]))


def block(width: float, height: float, depth: float, x: float = 0, y: float = 0, z: float = 0) -> Solid:
    """A box that stands at height y with the middle of its floor over (x, z)."""
    return box((x - width / 2, y, z - depth / 2), (x + width / 2, y + height, z + depth / 2))


def slab(outline: Float[ndarray, "side 2"], low: float, high: float, bevel: float = 0.0) -> Solid:
    """An outline (x, z), convex, between two heights; `bevel` narrows its lower and upper edges by metres."""
    bevel = min(bevel, 0.45 * (high - low))
    if bevel <= 0:
        return loft(np.stack([_level(outline, low), _level(outline, high)]))
    inner = outline * (1 - 2 * bevel / np.maximum(np.ptp(outline, axis=0), 4 * bevel))
    rings = ((inner, low), (outline, low + bevel), (outline, high - bevel), (inner, high))
    return loft(np.stack([_level(*ring) for ring in rings]))


def cushion(low: Point, high: Point, radius: float, steps: int = 2) -> Solid:
    """A box with all edges round."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    size, middle = high - low, (low + high) / 2
    radius = min(radius, 0.49 * size.min())
    angle = np.linspace(0, np.pi / 2, steps + 1)
    inset = radius * (1 - np.sin(angle))
    rise = radius * (1 - np.cos(angle))
    insets = np.concatenate([inset, inset[::-1]])
    heights = np.concatenate([low[1] + rise, high[1] - rise[::-1]])
    rings = [
        _level(rounded_rectangle(size[0] - 2 * d, size[2] - 2 * d, max(radius - d, 1e-4), steps), y)
        for d, y in zip(insets, heights, strict=True)
    ]
    return loft(np.stack(rings)).moved(middle[0], 0, middle[2])


def leg(foot: Point, top: Point, foot_size: Size, top_size: Size | None = None, sides: int = 4) -> Solid:
    """A leg between two points with level ends, straight or slanted, tapered or not.

    Args:
        foot: middle of the lower end; top: of the upper.
        foot_size: width, or (width along x, depth along z), of the lower end.
        top_size: of the upper end; the same where it is None.
        sides: 4 for a rectangular section, more for a round one.
    """
    rings = [
        _level(section(sides) * size, 0.0) + point
        for point, size in ((foot, foot_size), (top, foot_size if top_size is None else top_size))
    ]
    return loft(np.stack(rings))


def bar(begin: Point, end: Point, size: Size, end_size: Size | None = None, sides: int = 4) -> Solid:
    """A straight bar between two points, cut square to its length.

    Args:
        begin, end: middles of its ends.
        size: of its section: width, or (width, height), height being as upright as the bar's direction allows.
        end_size: of the section at the end; the same where it is None.
        sides: 4 for a rectangular section, more for a round one.
    """
    begin, end = np.asarray(begin, float), np.asarray(end, float)
    along = (end - begin) / np.sqrt(((end - begin) ** 2).sum())
    up = np.array([0.0, 0.0, 1.0]) if abs(along[1]) > 0.9 else np.array([0.0, 1.0, 0.0])
    across = _crossed(up[None], along[None])[0]
    across /= np.sqrt((across**2).sum())
    frame = np.stack([across, _crossed(along[None], across[None])[0]])
    first, last = section(sides) * size, section(sides) * (size if end_size is None else end_size)
    return loft(np.stack([first @ frame + begin, last @ frame + end]))


def revolve(profile: Profile, sides: int = 20, closed: bool = False) -> Solid:
    """A profile of points (radius, height) turned around the y axis.

    Args:
        profile: from one end to the other. A first or last radius of 0 is a point of the axis; other ends get
            flat caps.
        sides: around the axis.
        closed: the profile is a loop off the axis, as of a tyre or an open shade.
    """
    points = np.asarray(profile, float)
    begin = (0.0, points[0, 1], 0.0) if points[0, 0] == 0 and not closed else None
    end = (0.0, points[-1, 1], 0.0) if points[-1, 0] == 0 and not closed else None
    inner = points[(begin is not None) : len(points) - (end is not None)]
    rings = np.empty((len(inner), sides, 3))
    rings[..., 0] = inner[:, :1] * circle(sides)[:, 0]
    rings[..., 1] = inner[:, 1:]
    rings[..., 2] = inner[:, :1] * circle(sides)[:, 1]
    return loft(rings, begin, end, closed)


def cylinder(
    foot: Point, radius: float, height: float, sides: int = 16, top_radius: float | None = None
) -> Solid:
    """An upright cylinder on a point, or a cone cut off at `top_radius`."""
    x, y, z = foot
    top = radius if top_radius is None else top_radius
    return revolve([(radius, y), (top, y + height)], sides).moved(x, 0, z)


def disc(centre: Point, radius: float, width: float, sides: int = 16) -> Solid:
    """A cylinder around its middle with its axis along x, as a wheel's."""
    x, y, z = centre
    return revolve([(radius, -width / 2), (radius, width / 2)], sides).turned(90, axis=2).moved(x, y, z)


def ellipsoid(centre: Point, radii: Point, rings: int = 7, sides: int = 14) -> Solid:
    """An ellipsoid with its half axes along x, y and z."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, rings + 2)
    profile = np.stack([np.cos(angle), np.sin(angle)], -1)
    profile[[0, -1], 0] = 0
    ball = revolve(profile, sides)
    return Solid(ball.verts * np.asarray(radii, float) + np.asarray(centre, float), ball.faces)
