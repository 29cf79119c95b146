"""Cars: sedans, hatchbacks, wagons, sports cars, vans, pickups, trucks and buses."""

from dataclasses import dataclass

import numpy as np

from .materials import Material, like, material
from .part import Part, between, both_sides, chance, pick
from .solids import Solid, bar, block, box, disc, ellipsoid, loft, rounded_rectangle


@dataclass(frozen=True)
class Car:
    """Parameters of a car, which drives towards +Z.

    Attributes:
        kind: "sedan", "hatchback", "wagon", "sports", "van", "pickup", "truck" or "bus".
        length: along z, metres, 3.2 to 10.
        width: along x, metres, 1.55 to 2.5.
        height: metres, 1.1 to 3.2.
        wheel: radius of the wheels, metres, 0.27 to 0.5.
        clearance: of the body above the floor, metres, 0.12 to 0.4.
        belt: height of the windows' lower edge as a fraction of the height, 0.45 to 0.68.
        hood: length of the hood as a fraction of the length, 0.04 to 0.36.
        trunk: length of what lies behind the cabin, the same fraction, 0 to 0.55.
        hood_drop: how far the hood slopes down to the front, a fraction of the height, 0.03 to 0.16.
        front_rake: how far the windscreen leans back, a fraction of the length, 0.02 to 0.14.
        rear_rake: the same of the rear window, 0.005 to 0.15.
        tumblehome: how much narrower the roof is than the body, a fraction, 0.04 to 0.24.
        rounding: of the body's corners, metres, 0.04 to 0.25.
        front_axle: distance of the front axle from the front, a fraction of the length, 0.14 to 0.22.
        rear_axle: of the rear axle from the rear, 0.15 to 0.25.
        pillars: between the windows of a side, 1 to 7.
        extra: "none", "spoiler", "rack", "taxi", "ladder" or "spare".
        cargo: what a pickup or truck carries: "none", "box", "flat", "tank" or "load".
        two_tone: whether the roof has a colour of its own.
        body_material, roof_material, window_material, wheel_material, hub_material, trim_material,
        cargo_material: what it is made of.
    """

    kind: str
    length: float
    width: float
    height: float
    wheel: float
    clearance: float
    belt: float
    hood: float
    trunk: float
    hood_drop: float
    front_rake: float
    rear_rake: float
    tumblehome: float
    rounding: float
    front_axle: float
    rear_axle: float
    pillars: int
    extra: str
    cargo: str
    two_tone: bool
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


def draw(rng: np.random.Generator) -> Car:
    """Draw the parameters."""
    kind = pick(
        rng, "sedan", "sedan", "hatchback", "hatchback", "wagon", "sports", "van", "pickup", "truck", "bus"
    )
    length, width, height, hood, trunk, front_rake, rear_rake = (
        between(rng, *bounds) for bounds in _RANGES[kind]
    )
    large = kind in ("truck", "bus")
    extras = {
        "sports": ("none", "spoiler"),
        "wagon": ("none", "rack", "spare"),
        "van": ("none", "rack", "ladder"),
    }
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
        pillars=int(rng.integers(4, 8))
        if kind == "bus"
        else 0
        if kind == "truck"
        else int(rng.integers(1, 3)),
        extra=pick(rng, *extras.get(kind, ("none", "none", "taxi", "rack"))) if not large else "none",
        cargo=pick(rng, "box", "box", "flat", "tank", "load")
        if kind == "truck"
        else pick(rng, "none", "none", "load"),
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
    return [
        *_body(params),
        *_cabin(params),
        *_wheels(params),
        *_lights(params),
        *_extras(params),
        *_cargo(params),
    ]


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
        section = rounded_rectangle(share * p.width, top - bottom, p.rounding, 2)
        rings.append(
            np.stack([section[:, 0], section[:, 1] + (top + bottom) / 2, np.full(len(section), z)], -1)
        )
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
    belt, lid, _, _ = _places(p)
    half, x = p.length / 2, 0.33 * p.width
    nose = belt - (p.hood_drop + (0.09 if p.hood > 0.1 else 0.0)) * p.height
    y = p.clearance + 0.62 * (nose - p.clearance)
    white, red = Material("light", (0.96, 0.95, 0.88)), Material("light", (0.72, 0.1, 0.08))
    lamp = ellipsoid((x, y, half - 0.01), (0.09 * p.width, 0.08, 0.04), 4, 10)
    rear = box(
        (x - 0.02, y - 0.05, -half - 0.012), (x + 0.08 * p.width, min(y + 0.12, lid - 0.1), -half + 0.04)
    )
    parts = both_sides("headlight", lamp, white) + both_sides("tail light", rear, red)
    grille = block(0.4 * p.width, 0.16, 0.05, 0, y - 0.12, half - 0.01)
    bumper = block(0.84 * p.width, 0.12, 0.12, 0, p.clearance + 0.04, half - 0.03)
    parts += [Part("grille", grille, p.wheel_material), Part("bumper", bumper, p.trim_material)]
    parts.append(
        Part(
            "bumper", block(0.84 * p.width, 0.12, 0.12, 0, p.clearance + 0.05, -half + 0.03), p.trim_material
        )
    )
    _, _, _, front = _places(p)
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
        reach = 0.3 * (front - rear)
        rails = block(0.04, 0.07, 2 * reach, 0.3 * p.width, p.height - 0.02, middle - 0.1)
        bars = [
            block(0.64 * p.width, 0.03, 0.05, 0, p.height + 0.02, middle - 0.1 + at * reach)
            for at in (-0.8, 0, 0.8)
        ]
        return both_sides("rack", rails, p.trim_material) + [
            Part("rack", solid, p.trim_material) for solid in bars
        ]
    if p.extra == "taxi":
        return [
            Part(
                "sign", block(0.3 * p.width, 0.14, 0.16, 0, p.height - 0.01, middle - 0.05), p.cargo_material
            )
        ]
    if p.extra == "spare":
        spare = (
            disc((0, 0, 0), p.wheel * 0.95, 0.2, 16)
            .turned(90)
            .moved(0, 0.5 * (belt + p.clearance) + 0.1, -half - 0.06)
        )
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
        wall = 0.07
        solids: list[Solid] = [
            box(
                (side * wide / 2 - wall / 2, lid - 0.05, back), (side * wide / 2 + wall / 2, lid + 0.22, rear)
            )
            for side in (-1, 1)
        ]
        solids.append(box((-wide / 2, lid - 0.05, back - 0.01), (wide / 2, lid + 0.22, back + wall)))
        parts = [Part("bed", solid, p.body_material) for solid in solids]
        if p.cargo == "load":
            load = block(0.6 * wide, 0.45, 0.5 * length, 0.05 * wide, lid - 0.02, middle)
            parts.append(Part("load", load, p.cargo_material))
        return parts
    return [
        Part("cargo", solid, p.cargo_material) for solid in _truck_cargo(p, lid, (back, rear - gap), wide)
    ]


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
            section = rounded_rectangle(2 * radius * size, 1.7 * radius * size, radius * size, 4)
            z = np.full(len(section), back + share * length)
            rings.append(np.stack([section[:, 0], section[:, 1] + lid + 0.8 * radius, z], -1))
        return [loft(np.stack(rings))]
    floor = block(wide, 0.12, length, 0, lid - 0.04, middle)
    head = block(wide, 0.45 * tall, 0.08, 0, lid, front - 0.06)
    if p.cargo == "flat":
        return [floor, head]
    sides = [block(0.06, 0.3 * tall, length, side * 0.48 * wide, lid, middle) for side in (-1, 1)]
    gate = block(wide, 0.3 * tall, 0.06, 0, lid, back + 0.04)
    heap = ellipsoid((0, lid + 0.05, middle), (0.46 * wide, min(0.5 * tall, lid - 0.3), 0.46 * length), 5, 12)
    return [floor, head, *sides, gate, heap]
