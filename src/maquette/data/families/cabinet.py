"""Cabinets: sideboards, chests of drawers, wardrobes, nightstands, display cabinets."""

from itertools import pairwise

import numpy as np

from .materials import Material, like, material
from .parameters import about, one_of, parameters, within
from .part import Part, between, chance, pick
from .solids import Solid, block, box, ellipsoid
from .supports import Support, build_support, draw_support


@parameters
class Cabinet:
    """Parameters of a cabinet.

    A front is a door, two of them one above the other, drawers, nothing, or a drawer above a door.
    """

    width: float = within(0.35, 2.0, "along x, metres")
    depth: float = within(0.3, 0.65, "along z, metres")
    height: float = within(0.3, 2.1, "of the body, metres")
    foot: float = within(0.06, 0.22, "height of what carries the body, metres", none=0)
    support: Support = about("what carries the body")
    top: float = within(0.008, 0.04, "how far the top reaches beyond the body, metres", none=0)
    columns: int = within(1, 4, "of fronts")
    fronts: tuple[str, ...] = one_of("door", "doors", "drawers", "open", "mixed", what="from the left")
    shares: tuple[float, ...] = within(0.7, 1.6, "widths of the columns relative to each other")
    drawers: int = within(2, 6, "in a column of drawers")
    inset: bool = about("whether fronts have raised frames around panels")
    glazed: bool = about("whether doors are of glass")
    handles: str = one_of("knobs", "bars", "long", "none")
    gap: float = within(0.004, 0.014, "between fronts, metres")
    thickness: float = within(0.016, 0.04, "of the body's boards, metres")
    crown: float = within(0.04, 0.2, "height of a board above the top's back edge, metres", none=0)
    body_material: Material
    front_material: Material
    handle_material: Material
    top_material: Material


_ANY_FRONT = ("door", "door", "drawers", "mixed", "open", "doors")
# width, height, numbers of columns, kinds of fronts
_USES = {
    "sideboard": ((1.0, 2.0), (0.5, 0.9), (2, 3, 3, 4), _ANY_FRONT),
    "chest": ((0.45, 1.4), (0.6, 1.3), (1, 1, 2), ("drawers",)),
    "wardrobe": ((0.6, 1.8), (1.6, 2.1), (1, 2, 2, 3), ("door", "door", "mixed", "doors")),
    "nightstand": ((0.35, 0.6), (0.35, 0.65), (1,), ("drawers", "mixed", "open", "door")),
    "cupboard": ((0.5, 1.2), (0.8, 1.8), (1, 2, 2), _ANY_FRONT),
    "media": ((1.0, 2.0), (0.3, 0.5), (2, 3, 3, 4), _ANY_FRONT),
}


def draw(rng: np.random.Generator) -> Cabinet:
    """Draw the parameters of a sideboard, chest, wardrobe, nightstand, cupboard or locker."""
    use = pick(rng, "sideboard", "sideboard", "chest", "chest", "wardrobe", "nightstand", "cupboard", "media")
    width, height, columns, words = _USES[use]
    count = pick(rng, *columns)
    mirrored = chance(rng, 0.5)
    fronts = [pick(rng, *words) for _ in range(count)]
    shares = [between(rng, 0.7, 1.6) if chance(rng, 0.4) else 1.0 for _ in range(count)]
    if mirrored:
        fronts = [fronts[min(i, count - 1 - i)] for i in range(count)]
        shares = [shares[min(i, count - 1 - i)] for i in range(count)]
    body = material(rng, "wood", "wood", "wood", "paint", "metal" if use == "cupboard" else "paint")
    foot = between(rng, 0.06, 0.22) if chance(rng, 0.6) else 0.0
    return Cabinet(
        width=between(rng, *width),
        depth=between(rng, 0.3, 0.65 if use == "wardrobe" else 0.5),
        height=between(rng, *height),
        foot=foot,
        support=draw_support(rng, ("legs", "legs", "legs", "plinth", "sled"), body, (0.025, 0.06)),
        top=between(rng, 0.008, 0.04) if chance(rng, 0.5) else 0.0,
        columns=count,
        fronts=tuple(fronts),
        shares=tuple(shares),
        drawers=int(rng.integers(2, 7)),
        inset=chance(rng, 0.35),
        glazed=use == "cupboard" and chance(rng, 0.4),
        handles=pick(rng, "knobs", "bars", "long", "none"),
        gap=between(rng, 0.004, 0.014),
        thickness=between(rng, 0.016, 0.04),
        crown=between(rng, 0.04, 0.2) if chance(rng, 0.12) else 0.0,
        body_material=body,
        front_material=like(rng, body, 0.2) if chance(rng, 0.6) else material(rng, "wood", "paint"),
        handle_material=material(rng, "metal"),
        top_material=like(rng, body) if chance(rng, 0.7) else material(rng, "stone", "wood"),
    )


def build(params: Cabinet) -> list[Part]:
    """Parts of a cabinet with its fronts towards +Z."""
    p = params
    x, z, t = p.width / 2, p.depth / 2, p.thickness
    low, high = p.foot, p.foot + p.height
    parts = _shell(p, low, high)
    if p.foot > 0:
        parts += build_support(p.support, p.width * 0.96, p.depth * 0.92, p.foot + 0.003)
    if p.top > 0:
        board = box((-x - p.top, high - 0.002, -z), (x + p.top, high + t, z + p.top))
        parts.append(Part("top", board, p.top_material))
    if p.crown > 0:
        board = box((-x, high - 0.002, -z), (x, high + p.crown, -z + 0.02))
        parts.append(Part("crown", board, p.top_material))
    edges = -x + t / 2 + (p.width - t) * np.concatenate([[0], np.cumsum(p.shares) / sum(p.shares)])
    for i, front in enumerate(p.fronts):
        left, right = float(edges[i]), float(edges[i + 1])
        if i:
            board = box((left - t / 2, low, -z), (left + t / 2, high, z - 0.002))
            parts.append(Part("divider", board, p.body_material))
        parts += _column(p, front, (left, low + t / 2, right, high - t / 2), i)
    return parts


def _shell(p: Cabinet, low: float, high: float) -> list[Part]:
    x, z, t = p.width / 2, p.depth / 2, p.thickness
    if "open" not in p.fronts and not p.glazed:
        return [Part("body", box((-x, low, -z), (x, high, z)), p.body_material)]
    solids = [
        box((-x, low, -z), (-x + t, high, z)),
        box((x - t, low, -z), (x, high, z)),
        box((-x, low, -z), (x, low + t, z)),
        box((-x, high - t, -z), (x, high, z)),
        box((-x, low, -z), (x, high, -z + 0.012)),
    ]
    return [Part("body", solid, p.body_material) for solid in solids]


Area = tuple[float, float, float, float]


def _column(p: Cabinet, front: str, area: Area, number: int) -> list[Part]:
    """One column of fronts in its (left, low, right, high)."""
    left, low, right, high = area
    if front == "open":
        count = max(1, round((high - low) / 0.4))
        size, middle = (right - left, p.thickness, p.depth * 0.97), (left + right) / 2
        boards = [block(*size, middle, low + (high - low) * i / count) for i in range(1, count)]
        return [Part("shelf", board, p.body_material) for board in boards]
    if front == "drawers":
        edges = np.linspace(low, high, p.drawers + 1).tolist()
        return [part for y0, y1 in pairwise(edges) for part in _drawer(p, (left, y0, right, y1))]
    if front == "mixed":
        split = high - min(0.2, 0.35 * (high - low))
        return _drawer(p, (left, split, right, high)) + _doors(p, (left, low, right, split), number)
    if front == "doors":
        split = low + (high - low) * 0.55
        return _doors(p, (left, low, right, split), number) + _doors(p, (left, split, right, high), number)
    return _doors(p, area, number)


def _panel(p: Cabinet, area: Area, material: Material) -> list[Part]:
    left, low, right, high = area
    z, g = p.depth / 2, p.gap / 2
    parts = [Part("front", box((left + g, low + g, z - 0.004), (right - g, high - g, z + 0.016)), material)]
    rim = 0.045
    if p.inset and right - left > 4 * rim and high - low > 4 * rim:
        edges = [
            (left + g, low + g, left + rim, high - g), (right - rim, low + g, right - g, high - g),
            (left + rim, low + g, right - rim, low + rim), (left + rim, high - rim, right - rim, high - g),
        ]  # fmt: skip
        for x0, y0, x1, y1 in edges:
            parts.append(Part("frame", box((x0, y0, z + 0.01), (x1, y1, z + 0.026)), p.front_material))
    return parts


def _drawer(p: Cabinet, area: Area) -> list[Part]:
    left, low, right, high = area
    parts, wide = _panel(p, area, p.front_material), right - left
    if p.handles == "none":
        return parts
    count = 2 if wide > 0.7 and p.handles == "knobs" else 1
    length = min(0.4 * wide, 0.8 * wide if p.handles == "long" else 0.14)
    for i in range(count):
        handle = _handle(p, left + wide * (i + 0.5) / count, (low + high) / 2, length, False)
        parts.append(Part("handle", handle, p.handle_material))
    return parts


def _doors(p: Cabinet, area: Area, number: int) -> list[Part]:
    left, low, right, high = area
    double = right - left > 0.62
    middle = (left + right) / 2
    glass = Material("window", (0.62, 0.72, 0.76))
    surface = glass if p.glazed else p.front_material
    pieces = [(left, middle, 1), (middle, right, -1)]
    if not double:
        pieces = [(left, right, 1 if number % 2 == 0 else -1)]
    parts = []
    for x0, x1, side in pieces:
        parts += _panel(p, (x0, low, x1, high), surface)
        at = x1 - 0.04 if side > 0 else x0 + 0.04
        if p.handles != "none":
            tall = min(0.5 * (high - low), 0.6 * (high - low) if p.handles == "long" else 0.16)
            parts.append(Part("handle", _handle(p, at, (low + high) / 2, tall, True), p.handle_material))
    return parts


def _handle(p: Cabinet, x: float, y: float, length: float, upright: bool) -> Solid:
    z = p.depth / 2 + (0.03 if p.inset else 0.02)
    if p.handles == "knobs":
        return ellipsoid((x, y, z), (0.016, 0.016, 0.026), 3, 8)
    wide, tall = (0.014, length) if upright else (length, 0.014)
    return box((x - wide / 2, y - tall / 2, z - 0.018), (x + wide / 2, y + tall / 2, z + 0.018))
