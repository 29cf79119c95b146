"""Sofas: one to four seats, L-shaped, one-armed chaises, curved corners of cushions, day beds."""

import numpy as np

from .materials import Material, like, material
from .parameters import about, one_of, parameters, within
from .part import Part, between, chance, pick
from .pipes import pipe
from .solids import Solid, block, box, cushion, cylinder, loft
from .supports import Support, build_support, draw_support


@parameters
class Sofa:
    """Parameters of a sofa."""

    seats: int = within(1, 4)
    seat_width: float = within(0.48, 0.8, "of each seat along x, metres")
    depth: float = within(0.7, 1.1, "along z, metres")
    seat_height: float = within(0.36, 0.5, "metres")
    base: float = within(0.08, 0.28, "height of the body under the cushions, metres")
    foot: float = within(0.06, 0.2, "free height below the body, metres", none=0)
    back_height: float = within(0.25, 0.6, "above the seat, metres")
    back_thickness: float = within(0.12, 0.28, "metres")
    back_tilt: float = within(0, 16, "degrees towards -Z")
    arms: str = one_of("both", "left", "right", "none")
    arm: str = one_of("block", "soft", "roll", "slope", "frame", what="shape of an arm")
    arm_width: float = within(0.06, 0.3, "metres")
    arm_height: float = within(0.1, 0.32, "above the seat, metres")
    chaise: str = one_of("none", "left", "right", what="side that reaches forwards")
    chaise_depth: float = within(0.4, 0.9, "how far, metres")
    wing: float = within(0.7, 1.4, "length of the other leg of an L along z, metres", none=0)
    separate: bool = about("whether each seat has cushions of its own")
    roundness: float = within(0.02, 0.09, "of the cushions' edges, metres")
    pillows: int = within(0, 4, "loose cushions")
    support: Support = about("what carries the body")
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
            base = box((left, p.foot, z - 0.01), (left + each, low, front - 0.01))
            parts.append(Part("base", base, p.base_material))
            for x in (left + 0.06, left + (each - 0.06)) if p.foot > 0 else ():
                foot = cylinder((x, 0, front - 0.06), 0.025, p.foot + 0.003, 8)
                parts.append(Part("leg", foot, p.support.material))
        near = (left, low - 0.002, -z + 0.4 * p.back_thickness)
        seat = cushion(near, (left + each, p.seat_height, front), p.roundness)
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
        board = box((x - 0.002, foot, -z), (x + w, top - radius, z - 0.01))
        return [("arm", board), ("roll", pipe(path, 2 * radius, 12))]
    if p.arm == "slope":
        low = np.array([[x, foot, z], [x, foot, -z], [x, top + 0.3 * p.back_height, -z], [x, top, z]])
        from_side = np.stack([low, low + np.array((w, 0, 0))]) - np.array((0.002, 0, 0))
        return [("arm", loft(from_side))]
    thick = 0.045
    middle, ends = x + thick / 2 - 0.002, [side * (z - thick / 2) for side in (-1, 1)]
    posts = [block(thick, top - 0.001, thick, middle, 0, end) for end in ends]
    pad = box((x - 0.02, top - 0.03, -z), (x + max(thick, 0.07), top, z))
    return [("arm", pad), *(("post", post) for post in posts)]


def _arms(p: Sofa) -> list[Part]:
    surface = p.support.material if p.arm == "frame" else p.fabric
    right = [Part(name, solid, surface) for name, solid in _arm(p)] if p.arms != "none" else []
    left = [part._replace(solid=part.solid.mirrored()) for part in right]
    return {"none": [], "right": right, "left": left, "both": right + left}[p.arms]


def _wing(p: Sofa, low: float) -> list[Part]:
    """The other leg of an L, on the side that has no arm."""
    side = -1 if p.arms == "right" else 1
    x, z, deep = p.seats * p.seat_width / 2, p.depth / 2, 0.9 * p.depth
    top = p.seat_height + p.back_height
    end, front = x + deep, z + p.wing
    base = box((x - 0.002, p.foot, -z), (end, low + 0.002, front))
    seat = cushion((x, low - 0.002, -z), (end, p.seat_height, front), p.roundness)
    beside = cushion((end - p.back_thickness, low, -z), (end, top, front), p.roundness)
    behind = cushion((x - 0.002, low, -z), (end, top, -z + p.back_thickness), p.roundness)
    parts = [Part("base", base, p.base_material), Part("seat", seat, p.fabric)]
    parts += [Part("back", back, p.fabric) for back in (beside, behind)]
    spots = [(x + 0.08, front - 0.08), (end - 0.08, front - 0.08), (end - 0.08, -z + 0.08)]
    for spot_x, spot_z in spots if p.foot > 0 else ():
        foot = cylinder((spot_x, 0, spot_z), 0.025, p.foot + 0.003, 8)
        parts.append(Part("leg", foot, p.support.material))
    return [part if side > 0 else part._replace(solid=part.solid.mirrored()) for part in parts]


def _pillows(p: Sofa) -> list[Part]:
    width, size, low = p.seats * p.seat_width, 0.38, p.seat_height - 0.02
    parts = []
    for i in range(min(p.pillows, 2 * p.seats)):
        x = (width / 2 - 0.24) * (1 if i % 2 == 0 else -1) * (1 - 0.4 * (i // 2))
        z = -p.depth / 2 + p.back_thickness + 0.03
        pad = cushion((x - size / 2, low, z), (x + size / 2, p.seat_height + size - 0.02, z + 0.13), 0.06)
        parts.append(Part("pillow", pad.turned(-14, 0, (0, p.seat_height, z)), p.pillow_material))
    return parts
