"""Sofas: one to four seats, L-shaped, one-armed chaises, curved corners of cushions, day beds."""

from dataclasses import dataclass

import numpy as np

from .materials import Material, like, material
from .part import Part, between, chance, pick
from .pipes import pipe
from .solids import Solid, block, box, cushion, cylinder, loft
from .supports import Support, build_support, draw_support


@dataclass(frozen=True)
class Sofa:
    """Parameters of a sofa.

    Attributes:
        seats: 1 to 4.
        seat_width: of each seat along x, metres, 0.48 to 0.85.
        depth: along z, metres, 0.7 to 1.1.
        seat_height: metres, 0.36 to 0.5.
        base: height of the body under the cushions, metres, 0.1 to 0.28.
        foot: free height below the body, metres, 0 to 0.2.
        back_height: above the seat, metres, 0.25 to 0.6.
        back_thickness: metres, 0.12 to 0.28.
        back_tilt: degrees towards -Z, 0 to 16.
        arms: "both", "left", "right" or "none".
        arm: shape of an arm: "block", "soft", "roll", "slope" or "frame".
        arm_width: metres, 0.06 to 0.3.
        arm_height: above the seat, metres, 0.1 to 0.32.
        chaise: side that reaches forwards, "none", "left" or "right".
        chaise_depth: how far, metres, 0.4 to 0.9.
        wing: length of the other leg of an L along z, metres; 0 for none, 0.7 to 1.4.
        separate: whether each seat has cushions of its own.
        roundness: of the cushions' edges, metres, 0.02 to 0.09.
        pillows: loose cushions, 0 to 4.
        support: what carries the body.
        fabric, base_material, pillow_material: what it is made of.
    """

    seats: int
    seat_width: float
    depth: float
    seat_height: float
    base: float
    foot: float
    back_height: float
    back_thickness: float
    back_tilt: float
    arms: str
    arm: str
    arm_width: float
    arm_height: float
    chaise: str
    chaise_depth: float
    wing: float
    separate: bool
    roundness: float
    pillows: int
    support: Support
    fabric: Material
    base_material: Material
    pillow_material: Material


def draw(rng: np.random.Generator) -> Sofa:
    """Draw the parameters."""
    seats = pick(rng, 1, 2, 2, 3, 3, 3, 4)
    fabric = material(rng, "fabric", "fabric", "leather")
    wood = material(rng, "wood", "metal")
    corner = pick(rng, "none", "none", "none", "none", "chaise", "wing") if seats > 1 else "none"
    side = pick(rng, "left", "right")
    other = "right" if side == "left" else "left"
    kinds = ("legs", "legs", "legs", "sled", "plinth")
    arms = pick(rng, "both", "both", "both", "both", "both", "none", "left", "right")
    foot = between(rng, 0.06, 0.2) if chance(rng, 0.75) else 0.0
    height = between(rng, 0.36, 0.5)
    return Sofa(
        seats=seats,
        seat_width=between(rng, 0.48, 0.8),
        depth=between(rng, 0.7, 1.1),
        seat_height=height,
        base=min(between(rng, 0.1, 0.28), height - foot - 0.08),
        foot=foot,
        back_height=between(rng, 0.25, 0.6),
        back_thickness=between(rng, 0.12, 0.28),
        back_tilt=between(rng, 0, 16),
        arms=arms if corner != "wing" else other,
        arm=pick(rng, "block", "block", "soft", "soft", "roll", "slope", "frame"),
        arm_width=between(rng, 0.06, 0.3),
        arm_height=between(rng, 0.1, 0.32),
        chaise=side if corner == "chaise" else "none",
        chaise_depth=between(rng, 0.4, 0.9),
        wing=between(rng, 0.7, 1.4) if corner == "wing" else 0.0,
        separate=chance(rng, 0.75),
        roundness=between(rng, 0.02, 0.09),
        pillows=pick(rng, 0, 0, 0, 1, 2, 3, 4),
        support=draw_support(rng, kinds, wood, (0.03, 0.07)),
        fabric=fabric,
        base_material=like(rng, fabric) if chance(rng, 0.75) else wood,
        pillow_material=material(rng, "fabric"),
    )


def build(params: Sofa) -> list[Part]:
    """Parts of a sofa whose sitters look towards +Z; a wing or chaise on the left of the picture is at -X."""
    p = params
    width, z = p.seats * p.seat_width, p.depth / 2
    low = p.foot + p.base
    parts = [Part("base", box((-width / 2, p.foot, -z), (width / 2, low + 0.002, z)), p.base_material)]
    if p.foot > 0:
        parts += build_support(p.support, width * 0.97, p.depth * 0.95, p.foot + 0.003)
    parts += _cushions(p, low)
    parts += _arms(p)
    if p.wing > 0:
        parts += _wing(p, low)
    return parts + _pillows(p)


def _cushions(p: Sofa, low: float) -> list[Part]:
    width, z = p.seats * p.seat_width, p.depth / 2
    count = p.seats if p.separate else 1
    each, top = width / count, p.seat_height + p.back_height
    parts, hinge = [], (0.0, p.seat_height, -z)
    for i in range(count):
        left = -width / 2 + each * i
        front = z + 0.01
        is_chaise = p.chaise == ("left" if i == 0 else "right" if i == count - 1 else "") and p.separate
        if is_chaise:
            front = z + p.chaise_depth
            parts.append(
                Part("base", box((left, p.foot, z - 0.01), (left + each, low, front - 0.01)), p.base_material)
            )
            if p.foot > 0:
                inset = 0.06
                feet = [
                    cylinder((left + at, 0, front - inset), 0.025, p.foot + 0.003, 8)
                    for at in (inset, each - inset)
                ]
                parts += [Part("leg", foot, p.support.material) for foot in feet]
        seat = cushion(
            (left, low - 0.002, -z + 0.4 * p.back_thickness), (left + each, p.seat_height, front), p.roundness
        )
        back = cushion((left, low - 0.01, -z), (left + each, top, -z + p.back_thickness), p.roundness)
        parts.append(Part("seat", seat, p.fabric))
        parts.append(Part("back", back.turned(-p.back_tilt, 0, hinge), p.fabric))
    return parts


def _arm(p: Sofa) -> list[tuple[str, Solid]]:
    """The arm at +X."""
    x, z, w = p.seats * p.seat_width / 2, p.depth / 2, p.arm_width
    top = p.seat_height + p.arm_height
    foot = max(p.foot, 0.0)
    if p.arm == "block":
        return [("arm", box((x - 0.002, foot, -z), (x + w, top, z)))]
    if p.arm == "soft":
        return [("arm", cushion((x - 0.004, foot, -z), (x + w, top, z), min(p.roundness, 0.45 * w)))]
    if p.arm == "roll":
        radius = 0.5 * max(w, 0.12)
        path = np.array([[x + w / 2, top - radius, -z], [x + w / 2, top - radius, z]])
        return [
            ("arm", box((x - 0.002, foot, -z), (x + w, top - radius, z - 0.01))),
            ("roll", pipe(path, 2 * radius, 12)),
        ]
    if p.arm == "slope":
        low = np.array([[x, foot, z], [x, foot, -z], [x, top + 0.3 * p.back_height, -z], [x, top, z]])
        from_side = np.stack([low, low + np.array((w, 0, 0))]) - np.array((0.002, 0, 0))
        return [("arm", loft(from_side))]
    thick = 0.045
    rails = [
        block(thick, top - 0.001, thick, x + thick / 2 - 0.002, 0, side * (z - thick / 2)) for side in (-1, 1)
    ]
    pad = box((x - 0.02, top - 0.03, -z), (x + max(thick, 0.07), top, z))
    return [("arm", pad), *(("post", rail) for rail in rails)]


def _arms(p: Sofa) -> list[Part]:
    pieces = _arm(p)
    parts = []
    for word, mirrored in (("right", False), ("left", True)):
        if p.arms in (word, "both"):
            for name, solid in pieces:
                surface = p.support.material if p.arm == "frame" else p.fabric
                parts.append(Part(name, solid.mirrored() if mirrored else solid, surface))
    return parts


def _wing(p: Sofa, low: float) -> list[Part]:
    """The other leg of an L, on the side that has no arm."""
    side = -1 if p.arms == "right" else 1
    x, z, deep = p.seats * p.seat_width / 2, p.depth / 2, 0.9 * p.depth
    top = p.seat_height + p.back_height
    solids = [
        ("base", box((x - 0.002, p.foot, -z), (x + deep, low + 0.002, z + p.wing)), p.base_material),
        ("seat", cushion((x, low - 0.002, -z), (x + deep, p.seat_height, z + p.wing), p.roundness), p.fabric),
        (
            "back",
            cushion((x + deep - p.back_thickness, low, -z), (x + deep, top, z + p.wing), p.roundness),
            p.fabric,
        ),
        (
            "back",
            cushion((x - 0.002, low, -z), (x + deep, top, -z + p.back_thickness), p.roundness),
            p.fabric,
        ),
    ]
    if p.foot > 0:
        spots = [
            (x + 0.08, z + p.wing - 0.08),
            (x + deep - 0.08, z + p.wing - 0.08),
            (x + deep - 0.08, -z + 0.08),
        ]
        solids += [
            ("leg", cylinder((sx, 0, sz), 0.025, p.foot + 0.003, 8), p.support.material) for sx, sz in spots
        ]
    return [Part(name, solid if side > 0 else solid.mirrored(), material) for name, solid, material in solids]


def _pillows(p: Sofa) -> list[Part]:
    width = p.seats * p.seat_width
    parts = []
    for i in range(min(p.pillows, 2 * p.seats)):
        size = 0.38
        x = (width / 2 - 0.24) * (1 if i % 2 == 0 else -1) * (1 - 0.4 * (i // 2))
        z = -p.depth / 2 + p.back_thickness + 0.03
        pad = cushion(
            (x - size / 2, p.seat_height - 0.02, z),
            (x + size / 2, p.seat_height + size - 0.02, z + 0.13),
            0.06,
        )
        parts.append(Part("pillow", pad.turned(-14, 0, (0, p.seat_height, z)), p.pillow_material))
    return parts
