"""Lamps: table, floor, desk with an arm, arc, ceiling, wall."""

import numpy as np

from .materials import Material, like, material
from .parameters import one_of, parameters, within
from .part import Part, between, chance, pick
from .pipes import arc, pipe, rounded_path
from .solids import Solid, bar, block, circle, cylinder, ellipsoid, leg, revolve


@parameters
class Lamp:
    """Parameters of a lamp. Fractions are of its height unless said otherwise."""

    kind: str = one_of("table", "floor", "tripod", "desk", "arc", "ceiling", "chandelier")
    height: float = within(0.3, 1.9, "of the whole lamp, metres")
    shade: str = one_of("cone", "cylinder", "dome", "globe", "box", "bell", "open")
    shade_radius: float = within(0.1, 0.42, "at the lower edge, a fraction")
    shade_height: float = within(0.12, 0.45, "a fraction")
    shade_taper: float = within(0.3, 0.95, "upper over lower radius of a cone")
    base: str = one_of("disc", "block", "dome", "feet")
    base_radius: float = within(0.4, 0.9, "as a fraction of the shade's")
    stem: str = one_of("pole", "vase", "gourd", "bars", "stack")
    stem_radius: float = within(0.006, 0.025, "of a pole, a fraction")
    body_radius: float = within(0.08, 0.22, "of a vase, a fraction")
    bend: float = within(20, 70, "degrees of an arm's joints")
    turn: float = within(-180, 180, "degrees the arm is turned about the y axis")
    arms: int = within(1, 6, "of a chandelier, or lights of a ceiling lamp")
    base_material: Material
    stem_material: Material
    shade_material: Material


_KINDS = (
    "table", "table", "table", "floor", "floor", "tripod", "desk", "desk", "arc", "ceiling", "chandelier",
)  # fmt: skip
_HEIGHTS = {
    "table": (0.3, 0.75), "floor": (1.3, 1.9), "tripod": (1.1, 1.7), "desk": (0.35, 0.7), "arc": (1.3, 1.9),
    "ceiling": (0.4, 1.2), "chandelier": (0.5, 1.0),
}  # fmt: skip
_SHADES = ("shade", "shade", "metal", "paint")
_STEMS = ("pole", "vase", "vase", "gourd", "bars", "stack")


def draw(rng: np.random.Generator) -> Lamp:
    """Draw the parameters."""
    kind = pick(rng, *_KINDS)
    small = kind in ("desk", "floor", "arc", "tripod")
    stem = pick(rng, *(_STEMS if kind == "table" else ("pole", "pole", "stack")))
    base = material(rng, "metal", "wood", "ceramic", "paint")
    return Lamp(
        kind=kind,
        height=between(rng, *_HEIGHTS[kind]),
        shade=pick(rng, "cone", "cone", "cylinder", "dome", "globe", "box", "bell", "open"),
        shade_radius=between(rng, 0.1, 0.2) if small else between(rng, 0.22, 0.42),
        shade_height=between(rng, 0.12, 0.25) if small else between(rng, 0.22, 0.45),
        shade_taper=between(rng, 0.3, 0.95),
        base=pick(rng, "disc", "disc", "block", "dome", "feet"),
        base_radius=between(rng, 0.4, 0.9),
        stem=stem,
        stem_radius=between(rng, 0.008, 0.025) if kind in ("table", "desk") else between(rng, 0.006, 0.014),
        body_radius=between(rng, 0.08, 0.22),
        bend=between(rng, 20, 70),
        turn=between(rng, -180, 180) if chance(rng, 0.6) else pick(rng, 0.0, 90.0, -90.0),
        arms=int(rng.integers(1, 7)),
        base_material=base,
        stem_material=base if chance(rng, 0.6) else material(rng, "metal", "wood", "ceramic"),
        shade_material=material(rng, *_SHADES) if chance(rng, 0.8) else like(rng, base),
    )


def build(params: Lamp) -> list[Part]:
    """Parts of a lamp; an arm that is not turned reaches towards +Z."""
    p = params
    parts = _BUILDERS[p.kind](p)
    if p.kind in ("desk", "arc"):
        return [part._replace(solid=part.solid.turned(p.turn)) for part in parts]
    return parts


def _shade(p: Lamp, radius: float, height: float, around: int = 20) -> list[tuple[str, Solid]]:
    """A shade hanging down from y = 0; its axis is y."""
    top, wall = radius * p.shade_taper, 0.03 * radius + 0.002
    if p.shade == "globe":
        return [("globe", ellipsoid((0, -0.75 * radius, 0), (0.8 * radius,) * 3, around // 2 - 1, around))]
    if p.shade == "dome":
        angle = np.radians(np.linspace(90, 4, 7))
        outer = [(radius * float(np.cos(a)), height * (float(np.sin(a)) - 1)) for a in angle]
        outer[0] = (0.0, 0.0)
        inside = radius - wall
        inner = [(inside * float(np.cos(a)), height * (float(np.sin(a)) - 1) - wall) for a in angle[:0:-1]]
        return [("shade", revolve([*outer, *inner, (0.0, -wall)], around))]
    if p.shade == "bell":
        outer = [(r * radius, y * height) for r, y in ((0.25, 0.0), (0.4, -0.3), (0.6, -0.7), (1.0, -1.0))]
    elif p.shade == "cylinder":
        outer = [(radius, 0.0), (radius, -height)]
    else:
        outer = [(top, 0.0), (radius, -height)]
    inner = [(r - wall, y) for r, y in reversed(outer)]
    sides = {"box": 4, "open": 6}.get(p.shade, around)
    shade = revolve([*outer, *inner], sides, closed=True)
    bulb = ellipsoid((0, -0.5 * height, 0), (0.2 * radius, 0.22 * height, 0.2 * radius), 5, 10)
    spider = cylinder((0, -0.35 * height, 0), 0.04 * radius + 0.002, 0.37 * height, 8)
    reach = outer[0][0] - 0.5 * wall if sides == around else (outer[0][0] - wall) * 0.72
    cross = bar((-reach, -0.02 * height, 0), (reach, -0.02 * height, 0), 0.02 * radius + 0.002)
    return [("shade", shade), ("bulb", bulb), ("holder", spider), ("spider", cross)]


def _shade_parts(p: Lamp, solids: list[tuple[str, Solid]]) -> list[Part]:
    bulb = Material("glass", (0.98, 0.95, 0.85))
    surface = {"bulb": bulb, "holder": p.stem_material, "spider": p.stem_material}
    return [Part(name, solid, surface.get(name, p.shade_material)) for name, solid in solids]


def _base(p: Lamp, radius: float) -> list[Part]:
    edge = 0.02 * p.height + 0.004
    solids: list[Solid]
    if p.base == "block":
        solids = [block(1.6 * radius, edge, 1.6 * radius)]
    elif p.base == "dome":
        profile = [(radius, 0.0), (radius, 0.4 * edge), (0.7 * radius, 1.6 * edge), (0.0, 2.4 * edge)]
        solids = [revolve([(0.0, 0.0), *profile], 20)]
    elif p.base == "feet":
        ends = [(x * radius, 0.4 * edge, z * radius) for x, z in circle(3).tolist()]
        solids = [bar((0, 1.5 * edge, 0), end, edge, 0.7 * edge) for end in ends]
    else:
        solids = [cylinder((0, 0, 0), radius, edge, 24, 0.94 * radius)]
    return [Part("base", solid, p.base_material) for solid in solids]


_GOURD = (
    (0.5, 0), (0.95, 0.15), (1, 0.3), (0.5, 0.52), (0.4, 0.57), (0.65, 0.72), (0.6, 0.82), (0.2, 0.95), (0.2, 1),
)  # fmt: skip


def _stem(p: Lamp, top: float) -> list[Part]:
    radius, body = p.stem_radius * p.height, p.body_radius * p.height
    solids: list[Solid]
    if p.stem == "vase":
        profile = [(body * r, top * y) for r, y in ((0.6, 0.0), (1, 0.3), (0.9, 0.5), (0.35, 0.85))]
        solids = [revolve([*profile, (radius, top)], 18)]
    elif p.stem == "gourd":
        solids = [revolve([(body * r, top * y) for r, y in _GOURD], 18)]
    elif p.stem == "bars":
        spots = (circle(4) * 0.5 * body).tolist()
        solids = [leg((x, 0, z), (0.6 * x, top, 0.6 * z), 0.12 * body + 0.004) for x, z in spots]
        solids.append(cylinder((0, 0.96 * top, 0), 0.45 * body, 0.04 * top, 12))
    elif p.stem == "stack":
        solids = [cylinder((0, 0, 0), radius, top, 8)]
        count = 3 + p.arms
        for i in range(count):
            size = (0.35 + 0.5 * ((i * 7 + p.arms) % 3) / 2) * min(body, 0.6 * top / count + 2 * radius)
            radii = (size + radius, 0.45 * top / count, size + radius)
            solids.append(ellipsoid((0, top * (i + 0.7) / (count + 0.5), 0), radii, 4, 12))
    else:
        solids = [cylinder((0, 0, 0), radius, top, 10)]
    return [Part("stem", solid, p.stem_material) for solid in solids]


def _standing(p: Lamp) -> list[Part]:
    radius, tall = p.shade_radius * p.height, p.shade_height * p.height
    if p.shade == "globe":
        tall = 1.5 * radius
    hang = [(name, solid.moved(0, p.height, 0)) for name, solid in _shade(p, radius, tall)]
    stem_top = p.height - 0.3 * tall if p.shade != "dome" else p.height - 0.02 * tall
    if p.stem in ("vase", "gourd", "bars"):
        body = _stem(p, p.height - 0.95 * tall)
        pole = cylinder((0, p.height - tall, 0), p.stem_radius * p.height, stem_top - p.height + tall, 8)
        parts = [*body, Part("pole", pole, p.base_material)]
    else:
        parts = _stem(p, stem_top)
    wide = max(p.base_radius * radius, 0.05 * p.height)
    return [*_base(p, wide), *parts, *_shade_parts(p, hang)]


def _tripod(p: Lamp) -> list[Part]:
    radius, tall = p.shade_radius * 1.2 * p.height, p.shade_height * p.height
    if p.shade == "globe":
        tall = 1.5 * radius
    hub, reach = p.height - tall, 0.16 * p.height
    parts = []
    for x, z in circle(3).tolist():
        ends = (x * reach, 0, z * reach), (0.1 * x * reach, hub, 0.1 * z * reach)
        parts.append(Part("leg", leg(*ends, 0.018 * p.height, 0.022 * p.height, 8), p.base_material))
    neck = cylinder((0, hub - 0.04 * p.height, 0), 0.02 * p.height, 0.7 * tall + 0.04 * p.height, 10)
    hang = [(name, solid.moved(0, p.height, 0)) for name, solid in _shade(p, radius, tall)]
    return [*parts, Part("hub", neck, p.stem_material), *_shade_parts(p, hang)]


def _desk(p: Lamp) -> list[Part]:
    """A foot, two arms with a joint, and a shade that looks down and forwards."""
    radius = max(p.stem_radius * 0.7, 0.01) * p.height
    first = np.radians(90 + 0.5 * p.bend)
    foot = np.array([0.0, 0.02, 0.0]) * p.height
    elbow = foot + 0.55 * p.height * np.array([0, np.sin(first), np.cos(first)])
    second = np.radians(0.6 * (70 - p.bend))
    head = elbow + (0.45 + 0.2 * p.shade_taper) * p.height * np.array([0, np.sin(second), np.cos(second)])
    parts = _base(p, 0.18 * p.height * (0.7 + 0.5 * p.base_radius))
    for a, b in ((foot, elbow), (elbow, head)):
        parts.append(Part("arm", bar(a, b, 2 * radius, sides=8), p.stem_material))
    joint = ellipsoid(elbow, (1.8 * radius,) * 3, 4, 10)
    parts.append(Part("joint", joint, p.base_material))
    wide = 0.14 * p.height * (0.7 + 2 * p.shade_radius)
    hang = [(name, solid.turned(-15 - 0.4 * p.bend, 0)) for name, solid in _shade(p, wide, 1.3 * wide)]
    x, y, z = (head + np.array((0, 0.01 * p.height, 0))).tolist()
    return parts + _shade_parts(p, [(name, solid.moved(x, y, z)) for name, solid in hang])


def _arc(p: Lamp) -> list[Part]:
    radius, reach = 1.2 * p.stem_radius * p.height, (0.5 + p.bend / 140) * p.height * 0.8
    rise = 0.5 * p.height
    curve = arc((0, rise, reach), (reach, p.height - rise), 180, 35, 14, "zy")
    path = np.concatenate([[[0, 0.01, 0]], curve])
    end = curve[-1].tolist()
    wide, tall = p.shade_radius * p.height, 0.7 * p.shade_height * p.height
    cord = cylinder((end[0], end[1] - 0.08 * p.height, end[2]), 0.6 * radius, 0.08 * p.height, 6)
    x, y, z = end[0], end[1] - 0.075 * p.height, end[2]
    hang = [(name, solid.moved(x, y, z)) for name, solid in _shade(p, wide, tall)]
    arm = Part("arm", pipe(path, 2 * radius, 8), p.stem_material)
    return [*_base(p, 0.13 * p.height), arm, Part("cord", cord, p.stem_material), *_shade_parts(p, hang)]


def _ceiling(p: Lamp) -> list[Part]:
    """One shade, or several in a row, hanging from a plate."""
    count = min(p.arms, 3)
    radius = p.shade_radius * p.height / (1 if count == 1 else 1.6)
    tall = p.shade_height * p.height
    gap = 2.3 * radius
    plate = cylinder((0, p.height - 0.03, 0), 0.08 * p.height + 0.02, 0.03, 16)
    if count > 1:
        plate = block(gap * (count - 1) + 0.1, 0.03, 0.08, y=p.height - 0.03)
    parts = [Part("plate", plate, p.base_material)]
    for i in range(count):
        x = gap * (i - (count - 1) / 2)
        cord_low = tall * (1.0 + 0.3 * (i % 2) * p.shade_taper)
        thick = 0.006 + 0.2 * p.stem_radius * p.height
        cord = cylinder((x, cord_low - 0.03 * tall, 0), thick, p.height - cord_low, 6)
        hang = [(name, solid.moved(x, cord_low, 0)) for name, solid in _shade(p, radius, tall)]
        parts += [Part("cord", cord, p.stem_material), *_shade_parts(p, hang)]
    return parts


def _chandelier(p: Lamp) -> list[Part]:
    count = max(p.arms, 3)
    reach, hub = (0.35 + 0.4 * p.shade_taper) * p.height, 0.3 * p.height
    thick = 0.03 * p.height
    parts = [
        Part("rod", cylinder((0, hub, 0), 0.4 * thick, p.height - hub, 8), p.stem_material),
        Part("plate", cylinder((0, p.height - 0.02, 0), 0.1 * p.height, 0.02, 14), p.base_material),
        Part("hub", ellipsoid((0, hub, 0), (1.8 * thick, 2.4 * thick, 1.8 * thick), 5, 12), p.base_material),
    ]
    dip = (0, hub - 0.2 * p.height, 0.55 * reach)
    path = [(0, hub, 0), dip, (0, hub, reach), (0, hub + 0.06, reach)]
    arm = pipe(rounded_path(path, 0.3 * reach, 4), thick, 6, up=(1, 0, 0))
    wide, tall = 0.22 * reach, 0.26 * reach
    tall = 1.5 * wide if p.shade == "globe" else tall
    lamp = _shade(p, wide, tall, 10)
    lifted = [(name, solid.moved(0, hub + 0.05 + tall, reach)) for name, solid in lamp]
    candle = cylinder((0, hub + 0.04, reach), 0.3 * thick, 0.02 + tall, 6)
    for i in range(count):
        angle = 360 * i / count
        parts.append(Part("arm", arm.turned(angle), p.stem_material))
        parts.append(Part("candle", candle.turned(angle), p.stem_material))
        parts += _shade_parts(p, [(name, solid.turned(angle)) for name, solid in lifted])
    return parts


_BUILDERS = {
    "table": _standing,
    "floor": _standing,
    "tripod": _tripod,
    "desk": _desk,
    "arc": _arc,
    "ceiling": _ceiling,
    "chandelier": _chandelier,
}
