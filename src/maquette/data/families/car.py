"""Cars: sedans, hatchbacks, wagons, sports cars, vans, pickups, trucks and buses."""

import numpy as np

from .materials import Material, like, material
from .parameters import about, one_of, parameters, within
from .part import Part, between, both_sides, chance, pick
from .solids import Solid, bar, block, box, disc, ellipsoid, loft, rounded_rectangle


@parameters
class Car:
    """Parameters of a car, which drives towards +Z. Fractions are of its length unless said otherwise."""

    kind: str = one_of("sedan", "hatchback", "wagon", "sports", "van", "pickup", "truck", "bus")
    length: float = within(3.2, 10, "along z, metres")
    width: float = within(1.55, 2.5, "along x, metres")
    height: float = within(1.1, 3.2, "metres")
    wheel: float = within(0.27, 0.5, "radius of the wheels, metres")
    clearance: float = within(0.12, 0.4, "of the body above the floor, metres")
    belt: float = within(0.45, 0.68, "height of the windows' lower edge as a fraction of the height")
    hood: float = within(0.006, 0.38, "length of the hood, a fraction")
    trunk: float = within(0, 0.7, "length of what lies behind the cabin, a fraction")
    hood_drop: float = within(0.03, 0.16, "how far the hood slopes down, a fraction of the height")
    front_rake: float = within(0.004, 0.15, "how far the windscreen leans back, a fraction")
    rear_rake: float = within(0.002, 0.18, "how far the rear window leans forwards, a fraction")
    tumblehome: float = within(0.02, 0.24, "how much narrower the roof is than the body, a fraction")
    rounding: float = within(0.04, 0.25, "of the body's corners, metres")
    front_axle: float = within(0.14, 0.22, "distance of the front axle from the front, a fraction")
    rear_axle: float = within(0.15, 0.25, "distance of the rear axle from the rear, a fraction")
    pillars: int = within(1, 7, "between the windows of a side", none=0)
    extra: str = one_of("none", "spoiler", "rack", "taxi", "ladder", "spare")
    cargo: str = one_of("none", "box", "flat", "tank", "load", what="what a pickup or truck carries")
    two_tone: bool = about("whether the roof has a colour of its own")
    body_material: Material
    roof_material: Material
    window_material: Material
    wheel_material: Material
    hub_material: Material
    trim_material: Material
    cargo_material: Material


# length, width, height, hood, trunk, windscreen's and rear window's rake
_RANGES = {
    "sedan": ((4.2, 5.1), (1.7, 1.95), (1.38, 1.55), (0.24, 0.32), (0.14, 0.22), (0.07, 0.12), (0.06, 0.13)),
    "hatchback": ((3.2, 4.3), (1.55, 1.85), (1.4, 1.6), (0.18, 0.28), (0.0, 0.03), (0.06, 0.12), (0.04, 0.14)),
    "wagon": ((4.3, 5.1), (1.75, 2.05), (1.45, 1.9), (0.2, 0.3), (0.0, 0.02), (0.05, 0.11), (0.01, 0.08)),
    "sports": ((3.8, 4.7), (1.75, 2.0), (1.1, 1.3), (0.28, 0.38), (0.08, 0.24), (0.09, 0.15), (0.08, 0.18)),
    "van": ((4.4, 6.0), (1.8, 2.1), (1.8, 2.6), (0.05, 0.16), (0.0, 0.01), (0.05, 0.12), (0.005, 0.02)),
    "pickup": ((4.7, 5.7), (1.75, 2.05), (1.6, 1.95), (0.2, 0.27), (0.33, 0.46), (0.05, 0.09), (0.005, 0.03)),
    "truck": ((5.5, 8.5), (2.0, 2.5), (2.1, 2.7), (0.02, 0.16), (0.58, 0.7), (0.01, 0.04), (0.002, 0.01)),
    "bus": ((7.0, 10.0), (2.2, 2.5), (2.6, 3.2), (0.006, 0.01), (0.0, 0.005), (0.004, 0.03), (0.002, 0.01)),
}  # fmt: skip
_KINDS = ("sedan", "sedan", "hatchback", "hatchback", "wagon", "sports", "van", "pickup", "truck", "bus")
_EXTRAS = {
    "sports": ("none", "spoiler"),
    "wagon": ("none", "rack", "spare"),
    "van": ("none", "rack", "ladder"),
    "truck": ("none",),
    "bus": ("none",),
}
_LOADS = ("box", "box", "flat", "tank", "load")


def draw(rng: np.random.Generator) -> Car:
    """Draw the parameters."""
    kind = pick(rng, *_KINDS)
    sizes = (between(rng, *bounds) for bounds in _RANGES[kind])
    length, width, height, hood, trunk, front_rake, rear_rake = sizes
    large = kind in ("truck", "bus")
    paint = material(rng, "car_paint")
    two_tone = chance(rng, 0.2)
    return Car(
        kind=kind,
        length=length,
        width=width,
        height=height,
        wheel=between(rng, 0.4, 0.5) if large else between(rng, 0.27, 0.4),
        clearance=between(rng, 0.12, 0.18) if kind == "sports" else between(rng, 0.16, 0.4),
        belt=between(rng, 0.45, 0.55) if kind in ("bus", "van", "truck") else between(rng, 0.56, 0.68),
        hood=hood,
        trunk=trunk,
        hood_drop=between(rng, 0.03, 0.16),
        front_rake=front_rake,
        rear_rake=rear_rake,
        tumblehome=between(rng, 0.02, 0.06) if large else between(rng, 0.08, 0.24),
        rounding=between(rng, 0.04, 0.12) if large else between(rng, 0.06, 0.25),
        front_axle=between(rng, 0.14, 0.22),
        rear_axle=between(rng, 0.15, 0.25),
        pillars=0 if kind == "truck" else int(rng.integers(*((4, 8) if kind == "bus" else (1, 3)))),
        extra=pick(rng, *_EXTRAS.get(kind, ("none", "none", "taxi", "rack"))),
        cargo=pick(rng, *(_LOADS if kind == "truck" else ("none", "none", "load"))),
        two_tone=two_tone,
        body_material=paint,
        roof_material=material(rng, "car_paint") if two_tone else like(rng, paint, 0.04),
        window_material=material(rng, "window"),
        wheel_material=material(rng, "rubber"),
        hub_material=material(rng, "metal"),
        trim_material=material(rng, "metal", "rubber"),
        cargo_material=material(rng, "car_paint", "metal", "wood"),
    )


def build(params: Car) -> list[Part]:
    """Parts of a car that drives towards +Z."""
    return [part for make in (_body, _cabin, _wheels, _lights, _extras, _cargo) for part in make(params)]


def _places(p: Car) -> tuple[float, float, float, float]:
    """Heights of the belt and of the trunk's lid, and z of the cabin's rear and front ends at the belt."""
    belt = p.belt * p.height
    rear = -p.length / 2 + p.trunk * p.length
    front = p.length / 2 - p.hood * p.length
    lid = belt if p.kind not in ("pickup", "truck") else belt * (0.94 if p.kind == "pickup" else 0.62)
    return belt, lid, rear, front


def _body(p: Car) -> list[Part]:
    """The lower body, a skin through sections across z."""
    belt, lid, rear, front = _places(p)
    half, low = p.length / 2, p.clearance
    nose = belt - p.hood_drop * p.height
    tuck = 0.88 if p.kind not in ("truck", "bus") else 0.97
    stations = [
        (-half, tuck, low + 0.06, lid - 0.04),
        (-half + 0.05 * p.length, 0.98, low, lid),
        (rear, 1.0, low, lid),
        (rear + 0.002 * p.length, 1.0, low, belt),
        (front, 1.0, low, belt),
        (half - 0.07 * p.length if p.hood > 0.1 else half - 0.01, 0.97, low, nose + 0.02),
        (half, tuck, low + 0.05, nose - 0.09 * p.height * (p.hood > 0.1)),
    ]
    if p.hood < 0.1:
        stations[5] = (half - 0.3 * p.hood * p.length, 0.99, low, belt - 0.01)
    rings = []
    for z, share, bottom, top in sorted(stations):
        x, y = rounded_rectangle(share * p.width, top - bottom, p.rounding, 2).T
        rings.append(np.stack([x, y + (top + bottom) / 2, np.full(len(x), z)], -1))
    return [Part("body", loft(np.stack(rings)), p.body_material)]


def _cabin(p: Car) -> list[Part]:
    """Windows all around, the pillars between them, and the roof."""
    belt, _, rear, front = _places(p)
    roof, wide = p.height, p.width * 0.95
    narrow = wide * (1 - p.tumblehome)
    low = [(x * wide / 2, belt - 0.06, z) for x, z in ((-1, rear), (1, rear), (1, front), (-1, front))]
    back, fore = rear + p.rear_rake * p.length, front - p.front_rake * p.length
    fore = max(fore, back + 0.12 * p.length)
    high = [(x * narrow / 2, roof - 0.05, z) for x, z in ((-1, back), (1, back), (1, fore), (-1, fore))]
    corners = np.array([low, high], float)
    closed = p.kind == "truck" or (p.kind == "van" and p.extra == "ladder")
    parts = [Part("windows", loft(corners), p.window_material)]
    lid = rounded_rectangle(narrow + 0.03, fore - back + 0.06, min(p.rounding, 0.12), 2)
    levels = [(1.0, roof - 0.08), (1.0, roof - 0.03), (0.9, roof)]
    rings = [np.insert(lid * share + np.array((0, (back + fore) / 2)), 1, y, axis=1) for share, y in levels]
    parts.append(Part("roof", loft(np.stack(rings)), p.roof_material))
    pillar = 0.07 if p.kind != "bus" else 0.1
    for i in (1, 2):
        post = bar(corners[0, i], corners[1, i], pillar).moved(0.005)
        parts += both_sides("pillar", post, p.roof_material)
    for share in np.linspace(0, 1, p.pillars + 2).tolist()[1:-1]:
        foot, top = (corners[level, 1] * (1 - share) + corners[level, 2] * share for level in (0, 1))
        parts += both_sides("pillar", bar(foot, top, pillar).moved(0.003), p.roof_material)
    if closed:
        share = 0.45 if p.kind == "van" else 0.35
        side = corners * (1.012, 1, 1)
        side[:, (2, 3)] = side[:, (1, 0)] + share * (side[:, (2, 3)] - side[:, (1, 0)])
        side[..., 2] -= 0.01
        parts.append(Part("panel", loft(side), p.body_material))
    return parts


def _wheels(p: Car) -> list[Part]:
    wide = 0.62 * p.wheel
    x = p.width / 2 - 0.42 * wide
    axles = [p.length / 2 - p.front_axle * p.length, -p.length / 2 + p.rear_axle * p.length]
    if p.kind == "truck" and p.length > 7:
        axles.append(axles[1] + 2.15 * p.wheel)
    parts = []
    for z in axles:
        tyre = disc((x, p.wheel, z), p.wheel, wide, 18)
        hub = disc((x + 0.04, p.wheel, z), 0.58 * p.wheel, wide, 10)
        arch = disc((p.width / 2 - 0.1, p.wheel * 1.18, z), 1.1 * p.wheel, 0.21, 18)
        parts += both_sides("tyre", tyre, p.wheel_material)
        parts += both_sides("hub", hub, p.hub_material)
        parts += both_sides("arch", arch, p.wheel_material)
        axle = bar((-x, p.wheel, z), (x, p.wheel, z), 0.12)
        parts.append(Part("axle", axle, p.wheel_material))
    return parts


def _lights(p: Car) -> list[Part]:
    belt, lid, _, front = _places(p)
    half, x = p.length / 2, 0.33 * p.width
    nose = belt - (p.hood_drop + (0.09 if p.hood > 0.1 else 0.0)) * p.height
    y = p.clearance + 0.62 * (nose - p.clearance)
    white, red = Material("light", (0.96, 0.95, 0.88)), Material("light", (0.72, 0.1, 0.08))
    lamp = ellipsoid((x, y, half - 0.01), (0.09 * p.width, 0.08, 0.04), 4, 10)
    above = min(y + 0.12, lid - 0.1)
    rear = box((x - 0.02, y - 0.05, -half - 0.012), (x + 0.08 * p.width, above, -half + 0.04))
    parts = both_sides("headlight", lamp, white) + both_sides("tail light", rear, red)
    grille = block(0.4 * p.width, 0.16, 0.05, 0, y - 0.12, half - 0.01)
    bumper = block(0.84 * p.width, 0.12, 0.12, 0, p.clearance + 0.04, half - 0.03)
    behind = block(0.84 * p.width, 0.12, 0.12, 0, p.clearance + 0.05, -half + 0.03)
    parts += [Part("grille", grille, p.wheel_material), Part("bumper", bumper, p.trim_material)]
    parts.append(Part("bumper", behind, p.trim_material))
    mirror = box((0.46 * p.width, belt - 0.02, front - 0.3), (0.54 * p.width, belt + 0.13, front - 0.22))
    return parts + both_sides("mirror", mirror, p.body_material)


def _extras(p: Car) -> list[Part]:
    belt, lid, rear, front = _places(p)
    middle, half = (rear + front) / 2, p.length / 2
    if p.extra == "spoiler":
        wing = block(0.85 * p.width, 0.03, 0.25, 0, lid + 0.16, -half + 0.15)
        posts = block(0.04, 0.2, 0.12, 0.28 * p.width, lid - 0.02, -half + 0.16)
        return [Part("spoiler", wing, p.body_material), *both_sides("post", posts, p.body_material)]
    if p.extra in ("rack", "ladder"):
        reach, z = 0.3 * (front - rear), middle - 0.1
        rails = block(0.04, 0.07, 2 * reach, 0.3 * p.width, p.height - 0.02, z)
        places = [z + at * reach for at in (-0.8, 0, 0.8)]
        bars = [block(0.64 * p.width, 0.03, 0.05, 0, p.height + 0.02, at) for at in places]
        parts = both_sides("rack", rails, p.trim_material)
        return parts + [Part("rack", solid, p.trim_material) for solid in bars]
    if p.extra == "taxi":
        sign = block(0.3 * p.width, 0.14, 0.16, 0, p.height - 0.01, middle - 0.05)
        return [Part("sign", sign, p.cargo_material)]
    if p.extra == "spare":
        tyre = disc((0, 0, 0), p.wheel * 0.95, 0.2, 16).turned(90)
        spare = tyre.moved(0, 0.5 * (belt + p.clearance) + 0.1, -half - 0.06)
        return [Part("spare", spare, p.wheel_material)]
    return []


def _cargo(p: Car) -> list[Part]:
    if p.kind not in ("pickup", "truck"):
        return []
    _, lid, rear, _ = _places(p)
    back = -p.length / 2 + 0.02
    gap = 0.06 if p.kind == "truck" else 0.0
    length, middle = rear - gap - back, (rear - gap + back) / 2
    wide = p.width * 0.96
    if p.kind == "pickup":
        wall, low, high = 0.07, lid - 0.05, lid + 0.22
        edges = [side * wide / 2 for side in (-1, 1)]
        solids = [box((x - wall / 2, low, back), (x + wall / 2, high, rear)) for x in edges]
        solids.append(box((-wide / 2, low, back - 0.01), (wide / 2, high, back + wall)))
        parts = [Part("bed", solid, p.body_material) for solid in solids]
        if p.cargo == "load":
            load = block(0.6 * wide, 0.45, 0.5 * length, 0.05 * wide, lid - 0.02, middle)
            parts.append(Part("load", load, p.cargo_material))
        return parts
    solids = _truck_cargo(p, lid, (back, rear - gap), wide)
    return [Part("cargo", solid, p.cargo_material) for solid in solids]


def _truck_cargo(p: Car, lid: float, ends: tuple[float, float], wide: float) -> list[Solid]:
    back, front = ends
    tall = p.height * (0.72 + 1.5 * p.tumblehome)
    middle, length = (back + front) / 2, front - back
    if p.cargo == "box":
        return [block(wide * 1.02, tall, length, 0, lid - 0.02, middle)]
    if p.cargo == "tank":
        radius = 0.45 * wide
        rings = []
        for share, size in ((0, 0.75), (0.06, 1.0), (0.94, 1.0), (1, 0.75)):
            x, y = rounded_rectangle(2 * radius * size, 1.7 * radius * size, radius * size, 4).T
            rings.append(np.stack([x, y + lid + 0.8 * radius, np.full(len(x), back + share * length)], -1))
        return [loft(np.stack(rings))]
    floor = block(wide, 0.12, length, 0, lid - 0.04, middle)
    head = block(wide, 0.45 * tall, 0.08, 0, lid, front - 0.06)
    if p.cargo == "flat":
        return [floor, head]
    sides = [block(0.06, 0.3 * tall, length, side * 0.48 * wide, lid, middle) for side in (-1, 1)]
    gate = block(wide, 0.3 * tall, 0.06, 0, lid, back + 0.04)
    heap = ellipsoid((0, lid + 0.05, middle), (0.46 * wide, min(0.5 * tall, lid - 0.3), 0.46 * length), 5, 12)
    return [floor, head, *sides, gate, heap]
