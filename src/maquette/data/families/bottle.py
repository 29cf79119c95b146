"""Bottles: wine, beer, water, milk and medicine bottles, flasks, carafes, jars, with caps and labels."""

import numpy as np

from .materials import Material, material
from .parameters import about, one_of, parameters, within
from .part import Part, between, chance, pick
from .pipes import arc, pipe
from .solids import Solid, block, cylinder, loft, revolve, superellipse


@parameters
class Bottle:
    """Parameters of a bottle."""

    radius: float = within(0.022, 0.06, "of the body, metres")
    height: float = within(0.044, 0.36, "of the glass, metres")
    neck_radius: float = within(0.18, 0.85, "as a fraction of the body's")
    neck_height: float = within(0.04, 0.42, "as a fraction of the height")
    shoulder: float = within(0.03, 0.4, "height of the slope below the neck, as a fraction of the height")
    curve: float = within(0.4, 2.5, "of the shoulder, from hollow to round")
    waist: float = within(0.05, 0.25, "how much narrower the body's middle is, a fraction", none=0)
    flare: float = within(-0.25, 0.35, "how much wider the foot is than the body's upper end, a fraction")
    power: float = one_of(2.0, 3.0, 6.0, what="of the section, from round to nearly square")
    flat: float = within(0.35, 1, "depth over width of the section")
    ribs: int = within(2, 6, "grooves around the body", none=0)
    lip: float = within(0.08, 0.35, "width of a ring at the mouth as a fraction of the neck's radius", none=0)
    cap: str = one_of("none", "screw", "cork", "crown", "spray", "pump", "ball")
    label: float = within(0.3, 0.8, "share of the body's height under a label", none=0)
    handle: bool = about("whether a jug's handle joins neck and body")
    glass_material: Material
    cap_material: Material
    label_material: Material


# height over radius, neck's radius over the body's, neck's height over the height, caps
_USES = {
    "wine": ((6.5, 8.5), (0.3, 0.42), (0.22, 0.32), ("cork", "none", "screw")),
    "beer": ((5, 7.5), (0.35, 0.48), (0.2, 0.4), ("crown", "none")),
    "water": ((5, 7.5), (0.3, 0.55), (0.05, 0.12), ("screw", "screw", "none")),
    "milk": ((3.5, 5), (0.4, 0.65), (0.08, 0.25), ("screw", "screw", "none")),
    "flask": ((2.6, 4.5), (0.18, 0.4), (0.1, 0.42), ("ball", "cork", "none", "spray")),
    "jar": ((2.0, 3.2), (0.7, 0.85), (0.04, 0.1), ("screw", "cork")),
    "spray": ((4, 6), (0.3, 0.5), (0.04, 0.1), ("spray", "pump", "pump")),
    "carafe": ((3.2, 5), (0.3, 0.55), (0.15, 0.4), ("none", "ball")),
}
_FLARED = ("flask", "carafe", "milk", "spray")


def draw(rng: np.random.Generator) -> Bottle:
    """Draw the parameters."""
    use = pick(rng, "wine", "beer", "water", "milk", "flask", "jar", "spray", "carafe")
    radius = between(rng, 0.022, 0.06)
    slender, neck, tall, caps = _USES[use]
    return Bottle(
        radius=radius,
        height=min(0.36, radius * between(rng, *slender)),
        neck_radius=between(rng, *neck),
        neck_height=between(rng, *tall),
        shoulder=between(rng, 0.03, 0.12) if chance(rng, 0.45) else between(rng, 0.12, 0.4),
        curve=between(rng, 0.4, 2.5),
        waist=between(rng, 0.05, 0.25) if chance(rng, 0.25) else 0.0,
        flare=between(rng, -0.25, 0.35) if use in _FLARED and chance(rng, 0.6) else 0.0,
        power=pick(rng, 2.0, 2.0, 2.0, 3.0, 6.0),
        flat=between(rng, 0.35, 0.8) if chance(rng, 0.25) else 1.0,
        ribs=int(rng.integers(2, 7)) if use == "water" and chance(rng, 0.5) else 0,
        lip=between(rng, 0.08, 0.35) if chance(rng, 0.6) else 0.0,
        cap=pick(rng, *caps),
        label=between(rng, 0.3, 0.8) if chance(rng, 0.55) else 0.0,
        handle=use in ("milk", "carafe") and chance(rng, 0.3),
        glass_material=material(rng, "glass", "glass", "plastic", "ceramic"),
        cap_material=material(rng, "metal", "plastic", "wood"),
        label_material=material(rng, "linen", "paint"),
    )


def body_radius(p: Bottle, share: float) -> float:
    """Radius of the body at a share of its own height, metres."""
    ribbed = 0.05 * float(np.sin(2 * np.pi * p.ribs * share)) if p.ribs else 0.0
    slim = p.waist * (1 - 4 * (share - 0.5) ** 2)
    return p.radius * (1 + p.flare * (1 - share) - slim - ribbed * (share < 0.97))


def build(params: Bottle) -> list[Part]:
    """Parts of a bottle; a handle is at +X."""
    p = params
    neck = p.neck_radius * p.radius
    neck_low = p.height * (1 - p.neck_height)
    shoulder_low = max(neck_low - p.shoulder * p.height, 0.25 * p.height)
    count = 4 * p.ribs + 1 if p.ribs else 9
    shares = np.linspace(0, 1, count).tolist()
    profile = [(0.9 * body_radius(p, 0), 0.0)]
    profile += [(body_radius(p, s), 0.02 * p.height + s * (shoulder_low - 0.02 * p.height)) for s in shares]
    for s in np.linspace(0, 1, 7).tolist()[1:]:
        radius = neck + (p.radius - neck) * (1 - s**p.curve)
        profile.append((radius, shoulder_low + s * (neck_low - shoulder_low)))
    profile.append((neck, p.height))
    parts = [Part("glass", _skin(p, profile, shoulder_low), p.glass_material)]
    if p.lip > 0:
        wide, tall = neck * (1 + p.lip), min(0.012, 0.3 * p.neck_height * p.height)
        parts.append(Part("lip", cylinder((0, p.height - tall, 0), wide, tall, 18), p.glass_material))
    if p.label > 0 and p.ribs == 0:
        parts.append(_label(p, shoulder_low))
    if p.handle:
        low = body_radius(p, 0.75)
        path = arc((0, 0, 0), (1, 1), 90, -90, 10)
        top, bottom = p.height * (1 - 0.4 * p.neck_height), 0.75 * shoulder_low
        path[:, 0] = np.linspace(neck * 0.9, low * 0.95, 11) + 0.9 * p.radius * path[:, 0]
        path[:, 1] = (top + bottom) / 2 + (top - bottom) / 2 * path[:, 1]
        parts.append(Part("handle", pipe(path, 0.22 * p.radius, 8, up=(0, 0, 1)), p.glass_material))
    return parts + [Part("cap", solid, p.cap_material) for solid in _cap(p, neck)]


def _skin(p: Bottle, profile: list[tuple[float, float]], shoulder_low: float) -> Solid:
    """The profile around a section that is round at the neck and squarer and flatter at the body."""
    if p.power == 2.0 and p.flat == 1.0:
        return revolve(profile, 20)
    body, round_one = superellipse(2, 2 * p.flat, p.power, 20), superellipse(2, 2, 2.0, 20)
    neck = p.neck_radius * p.radius
    rings = []
    for radius, y in profile:
        share = 0.0 if y <= shoulder_low else min(1.0, (p.radius - radius) / max(p.radius - neck, 1e-6))
        outline = radius * ((1 - share) * body + share * round_one)
        rings.append(np.insert(outline, 1, y, axis=1))
    return loft(np.stack(rings))


def _label(p: Bottle, shoulder_low: float) -> Part:
    levels = [0.5 + 0.5 * p.label * s for s in (-1, -0.5, 0, 0.5, 1)]
    outline = superellipse(2, 2 * p.flat, p.power, 20)
    low = 0.02 * p.height
    rings = [
        np.insert(outline * (body_radius(p, s) + 0.0006), 1, low + s * (shoulder_low - low), axis=1)
        for s in levels
    ]
    return Part("label", loft(np.stack(rings)), p.label_material)


def _cap(p: Bottle, neck: float) -> list[Solid]:
    top = p.height
    if p.cap == "screw":
        wide = neck * (1.12 + p.lip)
        tall = max(0.012, 0.45 * p.neck_height * p.height)
        return [cylinder((0, top - 0.8 * tall, 0), wide, tall, 18)]
    if p.cap == "cork":
        return [cylinder((0, top - 0.004, 0), 0.85 * neck, 0.02, 14, 0.92 * neck)]
    if p.cap == "crown":
        return [cylinder((0, top - 0.004, 0), neck * (1.15 + p.lip), 0.007, 18, neck)]
    if p.cap == "ball":
        shape = [(0.6, 0.0), (0.6, 0.3), (1.2, 1.2), (0.9, 2.0), (0.0, 2.3)]
        return [revolve([(neck * r, top - 0.004 + neck * y) for r, y in shape], 16)]
    if p.cap in ("spray", "pump"):
        collar = cylinder((0, top - 0.006, 0), neck * (1.1 + p.lip), 0.02, 16)
        stem = cylinder((0, top, 0), 0.35 * neck, 0.035, 10)
        head = block(0.9 * neck, 0.014, 3.2 * neck, y=top + 0.03, z=0.9 * neck)
        extra = [block(0.5 * neck, 0.03, 0.4 * neck, y=top + 0.005, z=1.3 * neck)] if p.cap == "spray" else []
        return [collar, stem, head, *extra]
    return []
