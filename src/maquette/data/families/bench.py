"""Benches: plain, park and upholstered, with and without back and arms."""

import numpy as np

from .materials import Material, like, material
from .parameters import about, one_of, parameters, within
from .part import Part, between, both_sides, chance, pick
from .solids import bar, block, box, cushion, leg, rounded_rectangle, slab
from .supports import Support, build_support, draw_support


@parameters
class Bench:
    """Parameters of a bench."""

    width: float = within(0.8, 2.2, "along x, metres")
    depth: float = within(0.28, 0.55, "of the seat, metres")
    height: float = within(0.36, 0.5, "of the seat, metres")
    seat: str = one_of("board", "slats", "padded", "tufted")
    seat_thickness: float = within(0.025, 0.14, "metres")
    slats: int = within(2, 6, "boards of a slatted seat or back")
    back: str = one_of("none", "rails", "bars", "board", "padded")
    back_height: float = within(0.25, 0.5, "above the seat, metres")
    back_tilt: float = within(0, 18, "degrees towards -Z")
    arms: str = one_of("none", "both", "left", "right")
    shelf: float = within(0.2, 0.5, "height of a shelf below the seat as a fraction of the seat's", none=0)
    support: Support = about("what carries the seat")
    frame_material: Material
    seat_material: Material


_ARMS = ("none", "both", "both", "left", "right")


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
        arms=pick(rng, *(("none", "none", "both") if back == "none" else _ARMS)),
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
        shelf = block(p.width * 0.9, 0.025, p.depth * 0.85, y=p.shelf * low)
        parts.append(Part("shelf", shelf, p.seat_material))
    return parts


def _seat(p: Bench, low: float) -> list[Part]:
    x, z = p.width / 2, p.depth / 2
    if p.seat == "slats":
        each, under, tall = p.depth / p.slats, low + 0.4 * p.seat_thickness, 0.5 * p.seat_thickness
        edges = [(-z + each * (i + 0.08), -z + each * (i + 0.92)) for i in range(p.slats)]
        solids = [box((-x, under, rear), (x, p.height, front)) for rear, front in edges]
        solids += [block(0.06, tall, p.depth * 0.98, at * x, low) for at in (-0.93, 0.0, 0.93)]
        solids += [block(0.98 * p.width, tall, 0.3 * p.depth, 0, low, at * z) for at in (-0.65, 0.65)]
    elif p.seat == "padded":
        solids = [cushion((-x, low, -z), (x, p.height, z), 0.45 * p.seat_thickness)]
    elif p.seat == "tufted":
        each, radius = p.width / p.slats, 0.4 * p.seat_thickness
        edges = [(-x + each * i, -x + each * (i + 1) + 0.004) for i in range(p.slats)]
        solids = [cushion((left, low, -z), (right, p.height, z), radius) for left, right in edges]
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
    post = leg((0, low, z + 0.02), (0, top - 0.01, z + 0.02), (0.045, 0.035))
    places = (-0.94 * x, 0.94 * x) if p.width < 1.6 else (-0.94 * x, 0.94 * x, 0.0)
    parts = [Part("post", post.moved(at), p.frame_material) for at in places]
    if p.back == "rails":
        each = p.back_height / p.slats
        for i in range(p.slats):
            bottom, end = p.height + each * (i + 0.25), p.height + each * (i + 1)
            rail = box((-x, bottom, z + 0.03), (x, end, z + 0.055))
            parts.append(Part("rail", rail, p.seat_material))
        return parts
    parts.append(Part("rail", box((-x, top - 0.07, z), (x, top, z + 0.04)), p.frame_material))
    for at in np.linspace(-0.9, 0.9, 3 * p.slats).tolist():
        upright = leg((at * x, low, z + 0.02), (at * x, top - 0.03, z + 0.02), 0.025)
        parts.append(Part("bar", upright, p.seat_material))
    return parts


def _arms(p: Bench, low: float) -> list[Part]:
    if p.arms == "none":
        return []
    x, z, y = p.width / 2, p.depth / 2, p.height + 0.22
    lean = 0.22 * np.tan(np.radians(p.back_tilt)) if p.back != "none" else 0.0
    pad = bar((x * 0.96, y, z), (x * 0.96, y, -z - lean), (0.06, 0.035))
    post = leg((x * 0.96, low, 0.85 * z), (x * 0.96, y, 0.85 * z), 0.04)
    solids = [pad, post]
    if p.back in ("none", "padded", "board"):
        solids.append(leg((x * 0.96, low, -0.85 * z), (x * 0.96, y, -0.85 * z), 0.04))
    if p.arms == "both":
        return [part for solid in solids for part in both_sides("arm", solid, p.frame_material)]
    solids = solids if p.arms == "left" else [solid.mirrored() for solid in solids]
    return [Part("arm", solid, p.frame_material) for solid in solids]
