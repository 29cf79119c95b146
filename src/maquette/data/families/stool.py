"""Stools: low, kitchen and bar stools, round and square, some with a low back."""

import numpy as np

from .materials import Material, like, material
from .parameters import about, one_of, parameters, within
from .part import Part, between, chance, pick
from .pipes import arc, pipe
from .solids import circle, cushion, leg, rounded_rectangle, slab
from .supports import Support, build_support, draw_support, leg_points


@parameters
class Stool:
    """Parameters of a stool."""

    width: float = within(0.28, 0.42, "of the seat along x, metres")
    depth: float = within(0.21, 0.483, "along z, metres; the width where the seat is round")
    height: float = within(0.28, 0.8, "metres")
    seat: str = one_of("round", "square", "rounded", "saddle", "cushion")
    seat_thickness: float = within(0.02, 0.12, "metres")
    back_height: float = within(0.1, 0.28, "above the seat, metres", none=0)
    ring_height: float = within(0.25, 0.45, "of a foot ring, as a fraction of the height", none=0)
    support: Support = about("what carries the seat")
    frame_material: Material
    seat_material: Material


_SUPPORTS = ("legs", "legs", "legs", "legs", "sled", "panels", "cross", "pedestal")
_ROUND_SUPPORTS = ("legs", "legs", "legs", "legs", "pedestal", "star", "cone")


def draw(rng: np.random.Generator) -> Stool:
    """Draw the parameters."""
    seat = pick(rng, "round", "round", "square", "rounded", "saddle", "cushion")
    is_bar = chance(rng, 0.45)
    width = between(rng, 0.28, 0.42)
    frame = material(rng, "wood", "wood", "metal", "paint")
    support = draw_support(rng, _ROUND_SUPPORTS if seat == "round" else _SUPPORTS, frame, (0.022, 0.05))
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
        plan = rounded_rectangle(p.width, p.depth, 0.2 * p.width * (p.seat == "rounded"))
        solid = slab(plan, low, p.height, 0.004)
    return Part("seat", solid, p.seat_material)


def _ring(p: Stool, low: float, round_plan: bool) -> list[Part]:
    y = p.ring_height * low
    if p.support.kind == "pedestal":
        reach = 0.35 * p.width
        ring = pipe(arc((0, y, 0), reach, 0, 340, 17, "xz"), 0.018, 6, closed=True)
        ends = [np.array([reach, y, 0]), np.array([0, y, reach])]
        bars = [pipe(np.stack([end * (-1, 1, -1), end]), 0.016, 6) for end in ends]
        return [Part("ring", solid, p.frame_material) for solid in (ring, *bars)]
    points = leg_points(p.support, p.width, p.depth, round_plan)
    spread = points[:, 0] + p.ring_height * (points[:, 1] - points[:, 0])
    radius = float(np.sqrt((spread**2).sum(1)).mean())
    if not round_plan or p.support.legs < 3:
        ends = np.insert(spread, 1, y, axis=1)
        pairs = zip(ends, np.roll(ends, -1, axis=0), strict=True)
        return [Part("footrest", pipe(np.stack(pair), 0.018, 6), p.frame_material) for pair in pairs]
    ring = pipe(arc((0, y, 0), radius, 0, 345, 23, "xz"), 0.02, 6, closed=True)
    return [Part("ring", ring, p.frame_material)]


def _back(p: Stool) -> list[Part]:
    x, z, top = 0.46 * p.width, 0.44 * p.depth, p.height + p.back_height
    curve = arc((0, 0, 0), (x, z), -160, -20, 10, "xz")
    curve[:, 1] = top - 0.35 * p.back_height
    rest = pipe(curve, (0.02, 0.6 * p.back_height), 4, up=(0, 1, 0))
    parts = [Part("back", rest, p.seat_material)]
    for at in (2, 8):
        x, y, z = curve[at].tolist()
        post = leg((0.9 * x, p.height - 0.6 * p.seat_thickness, 0.9 * z), (x, y, z), 0.02, None, 8)
        parts.append(Part("post", post, p.frame_material))
    return parts
