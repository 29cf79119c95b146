"""What carries a seat, a top or a body: legs, sleds, panels, pedestals, star bases, trestles, crosses, cones."""

import numpy as np

from .materials import Material, like
from .parameters import about, one_of, parameters, within
from .part import Part, between, both_sides, chance, pick
from .pipes import pipe, rounded_path
from .solids import Solid, bar, block, box, circle, cylinder, disc, ellipsoid, leg, revolve


@parameters
class Support:
    """Parameters of what stands on the floor."""

    kind: str = one_of("legs", "sled", "panels", "pedestal", "star", "trestle", "cross", "cone", "plinth")
    legs: int = within(3, 6, "number of legs or of arms of a star")
    thickness: float = within(0.022, 0.1, "of a leg at its top, metres")
    taper: float = within(0.4, 1, "foot over top of a leg")
    splay: float = within(0.05, 0.3, "how far the feet stand out, as a fraction of half the width", none=0)
    inset: float = within(0.05, 0.25, "how far the tops stand in, the same fraction", none=0)
    sides: int = one_of(4, 8, what="of a leg's section")
    stretchers: str = one_of("none", "sides", "h", "box", "cross")
    stretcher_height: float = within(0.12, 0.5, "as a fraction of the height")
    wheels: bool = about("whether castors are under a star")
    material: Material
    foot_material: Material = about("of a star's feet and castors")


def draw_support(
    rng: np.random.Generator,
    kinds: tuple[str, ...],
    material: Material,
    thickness: tuple[float, float] = (0.022, 0.06),
) -> Support:
    """Draw one of the kinds, a kind given twice twice as often.

    Args:
        rng: source of chance.
        kinds: words of `Support.kind`.
        material: of all of it.
        thickness: range of a leg's thickness at the top, metres.
    """
    kind = pick(rng, *kinds)
    return Support(
        kind=kind,
        legs=pick(rng, 4, 4, 4, 4, 4, 4, 3, 5, 6) if kind == "legs" else pick(rng, 3, 4, 4, 5, 5),
        thickness=between(rng, *thickness),
        taper=between(rng, 0.4, 1.0) if chance(rng, 0.5) else 1.0,
        splay=between(rng, 0.05, 0.3) if chance(rng, 0.35) else 0.0,
        inset=between(rng, 0.05, 0.25) if chance(rng, 0.35) else 0.0,
        sides=pick(rng, 4, 4, 8),
        stretchers=pick(rng, "none", "none", "none", "sides", "h", "box", "cross"),
        stretcher_height=between(rng, 0.12, 0.5),
        wheels=chance(rng, 0.5),
        material=material,
        foot_material=like(rng, material, 0.3),
    )


def build_support(
    spec: Support, width: float, depth: float, height: float, round_plan: bool = False
) -> list[Part]:
    """Parts that stand on the floor and carry something of this plan at this height.

    Args:
        spec: parameters.
        width: of the plan along x, metres; depth: along z.
        height: of the upper end, metres.
        round_plan: legs stand on an ellipse, not in the corners.
    """
    if round_plan and spec.kind in ("sled", "panels", "trestle", "cross"):
        width, depth = 0.72 * width, 0.72 * depth
    return _BUILDERS[spec.kind](spec, width, depth, height, round_plan)


_IN_CORNERS = {
    4: ((-1, 1), (1, 1), (1, -1), (-1, -1)),
    6: ((-1, 1), (0, 1), (1, 1), (1, -1), (0, -1), (-1, -1)),
}


def leg_points(spec: Support, width: float, depth: float, round_plan: bool) -> np.ndarray:
    """(legs, 2, 2): foot and top (x, z) of every leg, in order around the middle."""
    around, share = circle(spec.legs), 0.85 if round_plan else 0.95
    if spec.legs in _IN_CORNERS and not round_plan:
        around, share = np.array(_IN_CORNERS[spec.legs], float), 1.0
    top = around * (np.array([width, depth]) / 2 * share - spec.thickness / 2) * (1 - spec.inset)
    return np.stack([top * (1 + spec.splay), top], axis=1)


def _legs(spec: Support, width: float, depth: float, height: float, round_plan: bool) -> list[Part]:
    points = leg_points(spec, width, depth, round_plan)
    foot_size, top_size = spec.thickness * spec.taper, spec.thickness
    solids = [
        leg((foot[0], 0, foot[1]), (top[0], height, top[1]), foot_size, top_size, spec.sides)
        for foot, top in points.tolist()
    ]
    return [Part("leg", solid, spec.material) for solid in solids] + _stretchers(spec, points, height)


def _stretchers(spec: Support, points: np.ndarray, height: float) -> list[Part]:
    if spec.stretchers == "none" or height < 0.15:
        return []
    share = spec.stretcher_height
    at = np.insert(points[:, 0] + share * (points[:, 1] - points[:, 0]), 1, share * height, axis=1)
    count = len(at)
    thick = 0.6 * spec.thickness * (spec.taper + share * (1 - spec.taper))
    pairs: list[tuple[np.ndarray, np.ndarray]]
    if count != 4 or spec.stretchers == "box":
        pairs = [(at[i], at[(i + 1) % count]) for i in range(count)]
    elif spec.stretchers == "cross":
        pairs = [(at[0], at[2]), (at[1], at[3])]
    else:
        pairs = [(at[0], at[3]), (at[1], at[2])]
        if spec.stretchers == "h":
            pairs.append(((at[0] + at[3]) / 2, (at[1] + at[2]) / 2))
    return [Part("stretcher", bar(a, b, thick, sides=spec.sides), spec.material) for a, b in pairs]


def _sled(spec: Support, width: float, depth: float, height: float, round_plan: bool) -> list[Part]:
    thick = spec.thickness * 0.75
    x, z = width / 2 - thick / 2, depth / 2 - thick / 2
    low, back = thick / 2, z * (1 - 2 * spec.inset)
    loop = [(x, height, z), (x, low, z), (x, low, -z), (x, height, -back)]
    side = pipe(rounded_path(loop, 0.06 if spec.sides > 4 else 0.02), thick, spec.sides, up=(1, 0, 0))
    parts = both_sides("sled", side, spec.material)
    for end in (z, -back):
        rail = bar((-x, height - thick / 2, end), (x, height - thick / 2, end), thick, sides=spec.sides)
        parts.append(Part("rail", rail, spec.material))
    if spec.stretchers != "none":
        rail = bar((-x, low, 0.06 - z), (x, low, 0.06 - z), thick, sides=spec.sides)
        parts.append(Part("rail", rail, spec.material))
    return parts


def _panels(spec: Support, width: float, depth: float, height: float, round_plan: bool) -> list[Part]:
    thick = spec.thickness
    x = width / 2 * (1 - spec.inset)
    parts = both_sides("panel", box((x - thick, 0, -depth / 2), (x, height, depth / 2)), spec.material)
    if spec.stretchers != "none":
        low = height * (0.2 + spec.stretcher_height)
        z = -depth / 2 * (0.9 if spec.stretchers == "box" else 0.1)
        parts.append(Part("panel", box((-x, low, z - thick / 3), (x, height, z + thick / 3)), spec.material))
    return parts


def _pedestal(spec: Support, width: float, depth: float, height: float, round_plan: bool) -> list[Part]:
    reach = min(width, depth) / 2
    radius = max(spec.thickness * 0.7, 0.06 * reach)
    base = reach * (0.55 + spec.splay + 0.3 * (1 - spec.taper))
    edge = 0.02 + 0.01 * spec.legs / 3
    if spec.stretchers == "h":
        profile = [(base, 0.0), (base * 0.9, edge), (radius * 1.4, 2 * edge), (radius, height * 0.4)]
        profile += [(radius * 1.5, height * 0.92), (reach * 0.4, height)]
        return [Part("pedestal", revolve(profile, 16), spec.material)]
    if spec.stretchers == "box":
        foot: Solid = block(2 * base * 0.9, edge, 2 * base * 0.9)
    else:
        foot = cylinder((0, 0, 0), base, edge, 20, base * 0.95)
    top = 2 * radius * min(spec.taper + 0.3, 1)
    column = leg((0, 0, 0), (0, height, 0), 2 * radius, top, spec.sides * 2 - 4)
    plate = cylinder((0, height - 0.5 * edge, 0), 0.5 * reach, 0.5 * edge, 12)
    pieces = (("foot", foot), ("column", column), ("plate", plate))
    return [Part(name, solid, spec.material) for name, solid in pieces]


def _star(spec: Support, width: float, depth: float, height: float, round_plan: bool) -> list[Part]:
    reach = min(width, depth) / 2 * (0.95 + spec.splay)
    radius = max(spec.thickness * 0.6, 0.02)
    low = 0.06 if spec.wheels else 0.015
    hub = min(low + 0.06 + 0.1 * (1 - spec.taper), 0.5 * height)
    parts = [
        Part("column", cylinder((0, low, 0), radius, height - low, 10), spec.material),
        Part("hub", cylinder((0, low, 0), radius * 1.7, hub - low + 0.02, 10), spec.material),
    ]
    for x, z in (circle(spec.legs) * reach).tolist():
        foot = bar((0, hub, 0), (x, low + 0.01, z), (0.045, 0.035), (0.03, 0.02))
        parts.append(Part("foot", foot, spec.material))
        if spec.wheels:
            parts.append(Part("castor", disc((x, 0.028, z), 0.028, 0.03, 10), spec.foot_material))
            parts.append(Part("castor", cylinder((x, 0.03, z), 0.009, 0.05, 6), spec.foot_material))
        else:
            glide = ellipsoid((x, 0.014, z), (0.024, 0.014, 0.024), 3, 8)
            parts.append(Part("glide", glide, spec.foot_material))
    return parts


def _trestle(spec: Support, width: float, depth: float, height: float, round_plan: bool) -> list[Part]:
    thick, x = spec.thickness, width / 2 * (0.9 - spec.inset)
    z = depth / 2 * 0.85
    post = box((x - thick / 2, 0.5 * thick, -thick), (x + thick / 2, height, thick))
    foot = box((x - thick * 0.7, 0, -z), (x + thick * 0.7, thick, z))
    head = box((x - thick * 0.6, height - thick, -z * 0.9), (x + thick * 0.6, height, z * 0.9))
    if spec.splay > 0:
        front, low = bar((x, 0.02, z), (x, height, z * 0.2), thick * 0.8), 0.3 * height
        rail = box((x - thick / 3, low, -z * 0.8), (x + thick / 3, low + thick, z * 0.8))
        pairs = [("leg", front), ("leg", front.mirrored(2)), ("head", head), ("rail", rail)]
    else:
        pairs = [("post", post), ("foot", foot), ("head", head)]
    parts = [part for name, solid in pairs for part in both_sides(name, solid, spec.material)]
    if spec.stretchers != "none":
        y = 0.3 * height + thick / 2 if spec.splay > 0 else height * spec.stretcher_height
        stretcher = box((-x, y - thick * 0.6, -thick / 3), (x, y + thick * 0.6, thick / 3))
        parts.append(Part("stretcher", stretcher, spec.material))
    return parts


def _cross(spec: Support, width: float, depth: float, height: float, round_plan: bool) -> list[Part]:
    thick = spec.thickness * 0.8
    x, z = width / 2 * (0.95 - spec.inset), depth / 2 * 0.92
    z = min(z, 0.9 * height)
    wide = (thick, thick * float(np.hypot(1, 2 * z / height)))
    up = leg((x, 0, z), (x, height, -z), wide, None, spec.sides)
    down = leg((x - 0.6 * thick, 0, -z), (x - 0.6 * thick, height, z), wide, None, spec.sides)
    parts = both_sides("leg", up, spec.material) + both_sides("leg", down, spec.material)
    level, ends = (height / 2, (0.0,)) if spec.stretchers in ("h", "cross") else (thick / 2, (-z, z))
    for end in ends:
        stretcher = bar((-x, level, end), (x, level, end), thick * 0.8, sides=spec.sides)
        parts.append(Part("stretcher", stretcher, spec.material))
    return parts


def _cone(spec: Support, width: float, depth: float, height: float, round_plan: bool) -> list[Part]:
    reach = min(width, depth) / 2
    low, high = reach * (0.5 + 0.4 * spec.taper), reach * (0.3 + spec.inset)
    profile = [(low, 0.0), (high, height)]
    if spec.splay > 0.1:
        profile = [(low, 0.0), (high * 0.6, 0.5 * height), (low * 0.9, height)]
    solid = revolve(profile, 4 if spec.sides == 4 else 18)
    return [Part("base", solid.turned(0), spec.material)]


def _plinth(spec: Support, width: float, depth: float, height: float, round_plan: bool) -> list[Part]:
    inset = 1 - min(spec.inset, 0.12)
    return [Part("plinth", block(width * inset, height, depth * inset), spec.material)]


_BUILDERS = {
    "legs": _legs,
    "sled": _sled,
    "panels": _panels,
    "pedestal": _pedestal,
    "star": _star,
    "trestle": _trestle,
    "cross": _cross,
    "cone": _cone,
    "plinth": _plinth,
}
