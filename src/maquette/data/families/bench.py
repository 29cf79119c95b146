"""Benches: plain, park and upholstered, with and without back and arms."""

from dataclasses import dataclass

import numpy as np

from .materials import Material, like, material
from .part import Part, between, both_sides, chance, pick
from .solids import Solid, bar, block, box, cushion, leg, rounded_rectangle, slab
from .supports import Support, build_support, draw_support


@dataclass(frozen=True)
class Bench:
    """Parameters of a bench.

    Attributes:
        width: along x, metres, 0.8 to 2.2.
        depth: of the seat, metres, 0.28 to 0.55.
        height: of the seat, metres, 0.36 to 0.5.
        seat: "board", "slats", "padded" or "tufted".
        seat_thickness: metres, 0.025 to 0.14.
        slats: boards of a slatted seat or back, 2 to 6.
        back: "none", "rails", "bars", "board" or "padded".
        back_height: above the seat, metres, 0.25 to 0.5.
        back_tilt: degrees towards -Z, 0 to 18.
        arms: "none", "both", "left" or "right".
        shelf: height of a shelf below the seat as a fraction of its height; 0 for none, 0.2 to 0.5.
        support: what carries the seat.
        frame_material, seat_material: what it is made of.
    """

    width: float
    depth: float
    height: float
    seat: str
    seat_thickness: float
    slats: int
    back: str
    back_height: float
    back_tilt: float
    arms: str
    shelf: float
    support: Support
    frame_material: Material
    seat_material: Material


def draw(rng: np.random.Generator) -> Bench:
    """Draw the parameters."""
    seat = pick(rng, "board", "board", "slats", "slats", "padded", "tufted")
    soft = seat in ("padded", "tufted")
    frame = material(rng, "wood", "wood", "wood", "metal", "stone", "paint")
    kinds = ("legs", "legs", "legs", "panels", "panels", "trestle", "sled", "cross", "plinth")
    support = draw_support(rng, kinds, frame, (0.035, 0.1))
    back = pick(rng, "none", "none", "none", "rails", "rails", "bars", "board", "padded" if soft else "rails")
    seat_material = material(rng, "fabric", "leather") if soft else like(rng, frame)
    return Bench(
        width=between(rng, 0.8, 2.2),
        depth=between(rng, 0.28, 0.55),
        height=between(rng, 0.36, 0.5),
        seat=seat,
        seat_thickness=between(rng, 0.06, 0.14) if soft else between(rng, 0.025, 0.07),
        slats=int(rng.integers(2, 7)),
        back=back,
        back_height=between(rng, 0.25, 0.5),
        back_tilt=between(rng, 0, 18),
        arms=pick(rng, "none", "both", "both", "left", "right")
        if back != "none"
        else pick(rng, "none", "none", "both"),
        shelf=between(rng, 0.2, 0.5) if support.kind in ("legs", "panels") and chance(rng, 0.25) else 0.0,
        support=support,
        frame_material=frame,
        seat_material=seat_material if chance(rng, 0.8) or soft else material(rng, "wood", "paint"),
    )


def build(params: Bench) -> list[Part]:
    """Parts of a bench whose sitters look towards +Z."""
    p = params
    low = p.height - p.seat_thickness
    parts = [*_seat(p, low), *build_support(p.support, p.width * 0.96, p.depth * 0.94, low + 0.003)]
    hinge = (0.0, p.height, -p.depth / 2)
    parts += [part._replace(solid=part.solid.turned(-p.back_tilt, 0, hinge)) for part in _back(p, low)]
    parts += _arms(p, low)
    if p.shelf > 0:
        parts.append(
            Part("shelf", block(p.width * 0.9, 0.025, p.depth * 0.85, y=p.shelf * low), p.seat_material)
        )
    return parts


def _seat(p: Bench, low: float) -> list[Part]:
    x, z = p.width / 2, p.depth / 2
    if p.seat == "slats":
        each = p.depth / p.slats
        solids: list[Solid] = [
            box(
                (-x, low + 0.4 * p.seat_thickness, -z + each * (i + 0.08)),
                (x, p.height, -z + each * (i + 0.92)),
            )
            for i in range(p.slats)
        ]
        solids += [
            block(0.06, 0.5 * p.seat_thickness, p.depth * 0.98, at * x, low) for at in (-0.93, 0.0, 0.93)
        ]
        solids += [
            block(0.98 * p.width, 0.5 * p.seat_thickness, 0.3 * p.depth, z=at * z, y=low)
            for at in (-0.65, 0.65)
        ]
    elif p.seat == "padded":
        solids = [cushion((-x, low, -z), (x, p.height, z), 0.45 * p.seat_thickness)]
    elif p.seat == "tufted":
        each = p.width / p.slats
        solids = [
            cushion(
                (-x + each * i, low, -z), (-x + each * (i + 1) + 0.004, p.height, z), 0.4 * p.seat_thickness
            )
            for i in range(p.slats)
        ]
    else:
        solids = [slab(rounded_rectangle(p.width, p.depth, 0.02), low, p.height, 0.2 * p.seat_thickness)]
    return [Part("seat", solid, p.seat_material) for solid in solids]


def _back(p: Bench, low: float) -> list[Part]:
    if p.back == "none":
        return []
    x, z, top = p.width / 2, -p.depth / 2, p.height + p.back_height
    if p.back == "padded":
        return [Part("back", cushion((-x, low, z - 0.02), (x, top, z + 0.09), 0.035), p.seat_material)]
    if p.back == "board":
        return [Part("back", box((-x, low, z), (x, top, z + 0.03)), p.frame_material)]
    posts = [0.94 * x] if p.width < 1.6 else [0.94 * x, 0.0]
    post = leg((0, low, z + 0.02), (0, top - 0.01, z + 0.02), (0.045, 0.035))
    parts = [
        Part("post", post.moved(side * at), p.frame_material)
        for at in posts
        for side in ((-1, 1) if at else (1,))
    ]
    if p.back == "rails":
        each = p.back_height / p.slats
        for i in range(p.slats):
            rail = box(
                (-x, p.height + each * (i + 0.25), z + 0.03), (x, p.height + each * (i + 1), z + 0.055)
            )
            parts.append(Part("rail", rail, p.seat_material))
        return parts
    parts.append(Part("rail", box((-x, top - 0.07, z), (x, top, z + 0.04)), p.frame_material))
    for at in np.linspace(-0.9, 0.9, 3 * p.slats).tolist():
        parts.append(
            Part("bar", leg((at * x, low, z + 0.02), (at * x, top - 0.03, z + 0.02), 0.025), p.seat_material)
        )
    return parts


def _arms(p: Bench, low: float) -> list[Part]:
    x, z, y = p.width / 2, p.depth / 2, p.height + 0.22
    lean = 0.22 * np.tan(np.radians(p.back_tilt)) if p.back != "none" else 0.0
    pad = bar((x * 0.96, y, z), (x * 0.96, y, -z - lean), (0.06, 0.035))
    post = leg((x * 0.96, low, 0.85 * z), (x * 0.96, y, 0.85 * z), 0.04)
    solids = [pad, post]
    if p.back in ("none", "padded", "board"):
        solids.append(leg((x * 0.96, low, -0.85 * z), (x * 0.96, y, -0.85 * z), 0.04))
    if p.arms == "none":
        return []
    if p.arms == "both":
        return [part for solid in solids for part in both_sides("arm", solid, p.frame_material)]
    return [
        Part("arm", solid if p.arms == "left" else solid.mirrored(), p.frame_material) for solid in solids
    ]
