"""Cabinets: sideboards, chests of drawers, wardrobes, nightstands, display cabinets."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .materials import Material, like, material
from .part import Part, between, chance, pick
from .solids import Solid, block, box, ellipsoid
from .supports import Support, build_support, draw_support


@dataclass(frozen=True)
class Cabinet:
    """Parameters of a cabinet.

    Attributes:
        width: along x, metres, 0.35 to 2.0.
        depth: along z, metres, 0.3 to 0.65.
        height: of the body, metres, 0.35 to 2.1.
        foot: height of what carries the body, metres; 0 for none, to 0.22.
        support: what carries the body.
        top: how far the top reaches beyond the body, metres, 0 to 0.04.
        columns: of fronts, 1 to 4.
        fronts: of each column, from left to right: "door", "doors" (two, one above the other), "drawers",
            "open" or "mixed" (a drawer above a door).
        shares: widths of the columns relative to each other, 0.7 to 1.6.
        drawers: in a column of drawers, 2 to 6.
        inset: whether fronts have raised frames around panels.
        glazed: whether doors are of glass.
        handles: "knobs", "bars", "long" or "none".
        gap: between fronts, metres, 0.004 to 0.014.
        thickness: of the body's boards, metres, 0.016 to 0.04.
        crown: height of a board above the top's back edge, metres; 0 for none, to 0.2.
        body_material, front_material, handle_material, top_material: what it is made of.
    """

    width: float
    depth: float
    height: float
    foot: float
    support: Support
    top: float
    columns: int
    fronts: tuple[str, ...]
    shares: tuple[float, ...]
    drawers: int
    inset: bool
    glazed: bool
    handles: str
    gap: float
    thickness: float
    crown: float
    body_material: Material
    front_material: Material
    handle_material: Material
    top_material: Material


def draw(rng: np.random.Generator) -> Cabinet:
    """Draw the parameters of a sideboard, chest, wardrobe, nightstand, cupboard or locker."""
    use = pick(rng, "sideboard", "sideboard", "chest", "chest", "wardrobe", "nightstand", "cupboard", "media")
    width, height, columns = {
        "sideboard": ((1.0, 2.0), (0.5, 0.9), (2, 3, 3, 4)),
        "chest": ((0.45, 1.4), (0.6, 1.3), (1, 1, 2)),
        "wardrobe": ((0.6, 1.8), (1.6, 2.1), (1, 2, 2, 3)),
        "nightstand": ((0.35, 0.6), (0.35, 0.65), (1,)),
        "cupboard": ((0.5, 1.2), (0.8, 1.8), (1, 2, 2)),
        "media": ((1.0, 2.0), (0.3, 0.5), (2, 3, 3, 4)),
    }[use]
    words = {
        "chest": ("drawers",),
        "wardrobe": ("door", "door", "mixed", "doors"),
        "nightstand": ("drawers", "mixed", "open", "door"),
    }.get(use, ("door", "door", "drawers", "mixed", "open", "doors"))
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
        parts.append(
            Part("top", box((-x - p.top, high - 0.002, -z), (x + p.top, high + t, z + p.top)), p.top_material)
        )
    if p.crown > 0:
        parts.append(
            Part("crown", box((-x, high - 0.002, -z), (x, high + p.crown, -z + 0.02)), p.top_material)
        )
    edges = -x + t / 2 + (p.width - t) * np.concatenate([[0], np.cumsum(p.shares) / sum(p.shares)])
    for i, front in enumerate(p.fronts):
        left, right = float(edges[i]), float(edges[i + 1])
        if i:
            parts.append(
                Part(
                    "divider", box((left - t / 2, low, -z), (left + t / 2, high, z - 0.002)), p.body_material
                )
            )
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
        boards = [
            block(
                right - left, p.thickness, p.depth * 0.97, (left + right) / 2, low + (high - low) * i / count
            )
            for i in range(1, count)
        ]
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
    middle = ((left + right) / 2, (low + high) / 2)
    wide = right - left
    count = 2 if wide > 0.7 and p.handles == "knobs" else 1
    spots = [left + wide * (i + 0.5) / count for i in range(count)]
    return _panel(p, area, p.front_material) + [
        Part(
            "handle",
            _handle(p, x, middle[1], min(0.4 * wide, 0.8 * wide if p.handles == "long" else 0.14), False),
            p.handle_material,
        )
        for x in spots
        if p.handles != "none"
    ]


def _doors(p: Cabinet, area: Area, number: int) -> list[Part]:
    left, low, right, high = area
    double = right - left > 0.62
    middle = (left + right) / 2
    glass = Material("window", (0.62, 0.72, 0.76))
    surface = glass if p.glazed else p.front_material
    pieces = (
        [(left, middle, 1), (middle, right, -1)] if double else [(left, right, 1 if number % 2 == 0 else -1)]
    )
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
