"""Mugs and cups: hollow, with a handle."""

import numpy as np

from .materials import Material, like, material
from .parameters import about, one_of, parameters, within
from .part import Part, between, chance, pick
from .pipes import arc, pipe, rounded_path
from .solids import Solid, cylinder, revolve


@parameters
class Mug:
    """Parameters of a mug."""

    radius: float = within(0.03, 0.055, "at the middle, metres")
    height: float = within(0.039, 0.165, "metres")
    profile: str = one_of("straight", "cone", "barrel", "waist", "bowl", "bell")
    strength: float = within(0.05, 0.35, "of the profile's departure from straight")
    wall: float = within(0.003, 0.008, "thickness, metres")
    sides: int = one_of(6, 8, 28, what="around the axis")
    handle: str = one_of("round", "ear", "square", "open", "none")
    handle_reach: float = within(0.45, 0.95, "away from the wall, as a fraction of the radius")
    handle_height: float = within(0.45, 0.75, "as a fraction of the mug's")
    handle_thickness: float = within(0.007, 0.016, "metres")
    handle_turn: float = within(-180, 180, "degrees about the y axis from +X")
    foot: float = within(0.003, 0.008, "height of a foot ring, metres", none=0)
    filled: float = within(0.5, 0.9, "level of a drink as a fraction of the height", none=0)
    saucer: float = within(1.4, 2.0, "radius of a saucer as a fraction of the mug's", none=0)
    band: bool = about("whether a coloured band runs around it")
    outer_material: Material
    inner_material: Material
    handle_material: Material
    drink_material: Material


_DRINKS = ((0.22, 0.13, 0.08), (0.45, 0.3, 0.18), (0.55, 0.25, 0.1), (0.4, 0.45, 0.15))


def draw(rng: np.random.Generator) -> Mug:
    """Draw the parameters."""
    radius = between(rng, 0.03, 0.055)
    outer = material(rng, "ceramic", "ceramic", "paint", "metal")
    return Mug(
        radius=radius,
        height=radius * between(rng, 1.3, 3.0),
        profile=pick(rng, "straight", "straight", "cone", "barrel", "waist", "bowl", "bell"),
        strength=between(rng, 0.05, 0.35),
        wall=between(rng, 0.003, 0.008),
        sides=pick(rng, 28, 28, 28, 28, 8, 6),
        handle=pick(rng, "round", "round", "ear", "ear", "square", "open", "none"),
        handle_reach=between(rng, 0.45, 0.95),
        handle_height=between(rng, 0.45, 0.75),
        handle_thickness=between(rng, 0.007, 0.016),
        handle_turn=0.0 if chance(rng, 0.4) else between(rng, -180, 180),
        foot=between(rng, 0.003, 0.008) if chance(rng, 0.3) else 0.0,
        filled=between(rng, 0.5, 0.9) if chance(rng, 0.3) else 0.0,
        saucer=between(rng, 1.4, 2.0) if chance(rng, 0.15) else 0.0,
        band=chance(rng, 0.25),
        outer_material=outer,
        inner_material=like(rng, outer) if chance(rng, 0.6) else material(rng, "ceramic"),
        handle_material=outer if chance(rng, 0.75) else material(rng, "ceramic", "wood"),
        drink_material=Material("drink", pick(rng, *_DRINKS)),
    )


def width(p: Mug, share: float) -> float:
    """Outer radius at a share of the height, metres."""
    bulge = {
        "straight": 0.0,
        "cone": 0.8 * (share - 0.5),
        "barrel": 1.0 - 4 * (share - 0.5) ** 2 - 0.6,
        "waist": 4 * (share - 0.5) ** 2 - 0.5,
        "bowl": 1.2 * float(np.sqrt(share)) - 1.0,
        "bell": 1.6 * share**3 - 0.5,
    }[p.profile]
    return p.radius * (1 + p.strength * bulge)


def build(params: Mug) -> list[Part]:
    """Parts of a mug; a handle that is not turned is at +X."""
    p = params
    levels = np.linspace(0, 1, 8).tolist()
    floor = p.foot + p.wall * 1.4
    outer = [(width(p, s), p.foot + s * p.height) for s in levels]
    inner = [(width(p, s) - p.wall, p.foot + s * p.height) for s in reversed(levels)]
    inner = [*(point for point in inner if point[1] > floor + 1e-4), (width(p, 0) - p.wall, floor)]
    cup = revolve([(0.0, p.foot), *outer, *inner, (0.0, floor)], p.sides)
    parts = [Part("cup", cup, p.outer_material)]
    if p.foot > 0:
        ring = cylinder((0, 0, 0), 0.7 * width(p, 0), p.foot + 0.001, 20)
        parts.append(Part("foot", ring, p.outer_material))
    if p.band:
        rim = [(width(p, s) + 0.0006, p.foot + s * p.height) for s in (0.55, 0.7, 0.85)]
        deep = [(r - 0.4 * p.wall, y) for r, y in reversed(rim)]
        parts.append(Part("band", revolve(rim + deep, p.sides, closed=True), p.inner_material))
    if p.filled > 0:
        level = p.foot + p.filled * p.height
        drink = cylinder((0, floor - 0.001, 0), 0.9 * (width(p, 0) - p.wall), level - floor, p.sides)
        top = width(p, p.filled) - 0.6 * p.wall
        surface = cylinder((0, level - 0.002, 0), top, 0.002, p.sides)
        parts += [Part("drink", solid, p.drink_material) for solid in (drink, surface)]
    if p.saucer > 0:
        reach = p.saucer * p.radius
        rim = [(0.55 * reach, 0.0), (reach, 0.016), (0.97 * reach, 0.019), (0.5 * reach, 0.006)]
        parts = [part._replace(solid=part.solid.moved(0, 0.005, 0)) for part in parts]
        parts.append(Part("saucer", revolve([(0.0, 0.0), *rim, (0.0, 0.006)], 24), p.inner_material))
    handle = _handle(p)
    if handle is not None:
        lift = 0.005 if p.saucer > 0 else 0.0
        parts.append(Part("handle", handle.moved(0, lift, 0).turned(p.handle_turn), p.handle_material))
    return parts


def _handle(p: Mug) -> Solid | None:
    if p.handle == "none":
        return None
    half = 0.5 * p.handle_height * p.height
    middle = p.foot + 0.52 * p.height
    reach = p.handle_reach * p.radius
    facet = float(np.cos(np.pi / p.sides))
    low, high = (facet * width(p, 0.52 + side * 0.5 * p.handle_height) - 0.6 * p.wall for side in (-1, 1))
    size = (1.3 * p.handle_thickness, p.handle_thickness)
    if p.handle == "square":
        out, top, bottom = p.radius + reach, middle + half, middle - half
        corners = [(high, top, 0), (out, top, 0), (out, bottom, 0), (low, bottom, 0)]
        return pipe(rounded_path(corners, 0.3 * reach), size, 8, up=(0, 0, 1))
    if p.handle == "open":
        curve = arc((p.radius, middle, 0), (reach, half), 90, -60, 10)
        path = np.concatenate([[[high, middle + half, 0]], curve[1:]])
        return pipe(path, size, 8, up=(0, 0, 1), end_size=(0.8 * size[0], 0.6 * size[1]))
    curve = arc((p.radius, middle, 0), (reach, half), 90, -90, 12)
    if p.handle == "ear":
        curve[:, 0] -= 0.25 * reach * np.linspace(0, 1, len(curve))
        curve[:, 1] -= 0.1 * half * np.linspace(0, 1, len(curve))
    curve[0, 0], curve[-1, 0] = high, low
    return pipe(curve, size, 8, up=(0, 0, 1))
