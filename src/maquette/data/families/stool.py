"""Stools: low, kitchen and bar stools, round and square, some with a low back."""

from dataclasses import dataclass

import numpy as np

from .materials import Material, like, material
from .part import Part, between, chance, pick
from .pipes import arc, pipe
from .solids import circle, cushion, leg, rounded_rectangle, slab
from .supports import Support, build_support, draw_support, leg_points


@dataclass(frozen=True)
class Stool:
    """Parameters of a stool.

    Attributes:
        width: of the seat along x, metres, 0.28 to 0.48.
        depth: along z, metres; the width where the seat is round.
        height: metres, 0.28 to 0.8.
        seat: "round", "square", "rounded", "saddle" or "cushion".
        seat_thickness: metres, 0.02 to 0.12.
        back_height: above the seat, metres; 0 for none, 0.1 to 0.28.
        ring_height: of a foot ring, as a fraction of the height; 0 for none, 0.25 to 0.45.
        support: what carries the seat.
        frame_material, seat_material: what it is made of.
    """

    width: float
    depth: float
    height: float
    seat: str
    seat_thickness: float
    back_height: float
    ring_height: float
    support: Support
    frame_material: Material
    seat_material: Material


def draw(rng: np.random.Generator) -> Stool:
    """Draw the parameters."""
    seat = pick(rng, "round", "round", "square", "rounded", "saddle", "cushion")
    is_bar = chance(rng, 0.45)
    width = between(rng, 0.28, 0.42)
    frame = material(rng, "wood", "wood", "metal", "paint")
    kinds = ("legs", "legs", "legs", "legs", "pedestal", "star", "cone") if seat == "round" else (
        "legs", "legs", "legs", "legs", "sled", "panels", "cross", "pedestal"
    )  # fmt: skip
    support = draw_support(rng, kinds, frame, (0.022, 0.05))
    ringed = support.kind in ("legs", "pedestal") and is_bar and chance(rng, 0.6)
    soft = seat == "cushion" or chance(rng, 0.3)
    return Stool(
        width=width,
        depth=width if seat == "round" else width * between(rng, 0.75, 1.15),
        height=between(rng, 0.6, 0.8) if is_bar else between(rng, 0.28, 0.52),
        seat=seat,
        seat_thickness=between(rng, 0.06, 0.12) if soft else between(rng, 0.02, 0.05),
        back_height=between(rng, 0.1, 0.28) if is_bar and chance(rng, 0.4) else 0.0,
        ring_height=between(rng, 0.25, 0.45) if ringed else 0.0,
        support=support,
        frame_material=frame,
        seat_material=material(rng, "fabric", "leather") if soft else like(rng, frame, 0.25),
    )


def build(params: Stool) -> list[Part]:
    """Parts of a stool, its back at -Z."""
    p = params
    low = p.height - p.seat_thickness
    round_plan = p.seat == "round"
    top = low + (0.7 * p.seat_thickness if p.seat == "saddle" else 0.003)
    parts = [_seat(p, low), *build_support(p.support, p.width, p.depth, top, round_plan)]
    if p.ring_height > 0:
        parts += _ring(p, low, round_plan)
    if p.back_height > 0:
        parts += _back(p)
    return parts


def _seat(p: Stool, low: float) -> Part:
    x, z = p.width / 2, p.depth / 2
    if p.seat == "round":
        solid = slab(circle(24) * (x, z), low, p.height, 0.3 * p.seat_thickness)
    elif p.seat == "cushion":
        solid = cushion((-x, low, -z), (x, p.height, z), 0.45 * p.seat_thickness)
    elif p.seat == "saddle":
        path = np.stack([np.linspace(-x, x, 9), np.zeros(9), np.zeros(9)], -1)
        path[:, 1] = low + p.seat_thickness / 2 + 0.6 * p.seat_thickness * (path[:, 0] / x) ** 2
        solid = pipe(path, (p.depth, p.seat_thickness), 4, up=(0, 1, 0))
    else:
        solid = slab(
            rounded_rectangle(p.width, p.depth, 0.2 * p.width * (p.seat == "rounded")), low, p.height, 0.004
        )
    return Part("seat", solid, p.seat_material)


def _ring(p: Stool, low: float, round_plan: bool) -> list[Part]:
    y = p.ring_height * low
    if p.support.kind == "pedestal":
        reach = 0.35 * p.width
        ring = pipe(arc((0, y, 0), reach, 0, 340, 17, "xz"), 0.018, 6, closed=True)
        bars = [
            pipe(np.array([[-reach * x, y, -reach * z], [reach * x, y, reach * z]]), 0.016, 6)
            for x, z in ((1, 0), (0, 1))
        ]
        return [Part("ring", solid, p.frame_material) for solid in (ring, *bars)]
    points = leg_points(p.support, p.width, p.depth, round_plan)
    spread = points[:, 0] + p.ring_height * (points[:, 1] - points[:, 0])
    radius = float(np.sqrt((spread**2).sum(1)).mean())
    if not round_plan or p.support.legs < 3:
        ends = np.insert(spread, 1, y, axis=1)
        pairs = zip(ends, np.roll(ends, -1, axis=0), strict=True)
        return [Part("footrest", pipe(np.stack(pair), 0.018, 6), p.frame_material) for pair in pairs]
    return [
        Part("ring", pipe(arc((0, y, 0), radius, 0, 345, 23, "xz"), 0.02, 6, closed=True), p.frame_material)
    ]


def _back(p: Stool) -> list[Part]:
    x, z, top = 0.46 * p.width, 0.44 * p.depth, p.height + p.back_height
    curve = arc((0, 0, 0), (x, z), -160, -20, 10, "xz")
    curve[:, 1] = top - 0.35 * p.back_height
    rest = pipe(curve, (0.02, 0.6 * p.back_height), 4, up=(0, 1, 0))
    parts = [Part("back", rest, p.seat_material)]
    for at in (2, 8):
        spot = curve[at]
        post = leg(
            (0.9 * spot[0], p.height - 0.6 * p.seat_thickness, 0.9 * spot[2]), tuple(spot), 0.02, None, 8
        )
        parts.append(Part("post", post, p.frame_material))
    return parts
