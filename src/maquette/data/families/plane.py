"""Planes: airliners, business jets, propeller planes, biplanes, gliders, fighters."""

import numpy as np

from .materials import Material, like, material
from .parameters import about, one_of, parameters, within
from .part import Part, between, both_sides, chance, pick
from .solids import Solid, bar, circle, disc, ellipsoid, loft, revolve


@parameters
class Plane:
    """Parameters of a plane, which flies towards +Z. Fractions are of the fuselage's length unless said otherwise."""

    kind: str = one_of("airliner", "business", "propeller", "twin", "biplane", "glider", "fighter")
    length: float = within(6, 60, "of the fuselage along z, metres")
    radius: float = within(0.035, 0.085, "of the fuselage, a fraction")
    flat: float = within(0.8, 1.25, "height over width of the fuselage")
    nose: float = within(0.08, 0.38, "length of the nose's taper, a fraction")
    tail: float = within(0.25, 0.55, "length of the tail's taper, a fraction")
    tail_rise: float = within(0, 0.8, "how far the tail's end is above the fuselage's axis, in radii")
    span: float = within(0.5, 2.4, "of the wings, a fraction")
    chord: float = within(0.1, 0.48, "of the wings at their root, a fraction")
    taper: float = within(0.1, 1, "tip over root chord")
    sweep: float = within(-0.05, 0.95, "how far the tips stand back, as a fraction of half the span")
    dihedral: float = within(-6, 9, "degrees")
    wing_height: float = within(-0.75, 0.9, "of the root above the axis, in radii")
    wing_place: float = within(-0.12, 0.2, "z of the root's middle before the fuselage's, a fraction")
    wing_thickness: float = within(0.06, 0.16, "over chord")
    tail_span: float = within(0.26, 0.45, "of the tail plane, a fraction")
    tail_chord: float = within(0.08, 0.15, "of the tail plane at its root, a fraction")
    fin: float = within(0.1, 0.2, "height, a fraction")
    fin_sweep: float = within(0.1, 1, "how far the fin's top stands back, as a fraction of its height")
    tail_style: str = one_of("low", "t", "cross", "twin")
    engines: str = one_of("under", "rear", "nose", "wings", "inner", "none")
    engine_count: int = one_of(1, 2, what="on each side")
    engine_size: float = within(0.35, 0.65, "radius, in radii of the fuselage")
    blades: int = within(2, 5, "of a propeller")
    gear: str = one_of("wheels", "floats", "none")
    winglets: float = within(0.04, 0.12, "height of upturned tips, as a fraction of half the span", none=0)
    stripe: bool = about("whether a coloured band runs along the windows")
    body_material: Material
    wing_material: Material
    tail_material: Material
    engine_material: Material
    window_material: Material
    rubber: Material


_KINDS = (
    "airliner", "airliner", "airliner", "business", "propeller", "propeller", "twin", "biplane", "glider", "fighter",
)  # fmt: skip
# length in metres, radius, nose, span, chord, taper, sweep
_RANGES = {
    "airliner": ((28, 60), (0.045, 0.07), (0.08, 0.14), (0.8, 1.15), (0.14, 0.22), (0.2, 0.4), (0.35, 0.7)),
    "business": ((12, 24), (0.05, 0.075), (0.12, 0.22), (0.75, 1.1), (0.12, 0.2), (0.25, 0.5), (0.2, 0.55)),
    "propeller": ((6, 9), (0.06, 0.085), (0.12, 0.22), (1.05, 1.5), (0.17, 0.24), (0.5, 1.0), (-0.05, 0.1)),
    "twin": ((9, 20), (0.05, 0.08), (0.12, 0.25), (1.0, 1.5), (0.14, 0.2), (0.4, 0.9), (-0.05, 0.12)),
    "biplane": ((6, 8), (0.06, 0.085), (0.1, 0.2), (1.0, 1.4), (0.17, 0.24), (0.8, 1.0), (-0.02, 0.12)),
    "glider": ((6, 9), (0.035, 0.05), (0.2, 0.3), (1.7, 2.4), (0.1, 0.15), (0.3, 0.6), (-0.05, 0.08)),
    "fighter": ((12, 20), (0.045, 0.07), (0.25, 0.38), (0.5, 0.8), (0.3, 0.48), (0.1, 0.35), (0.45, 0.95)),
}
_HEIGHTS = {
    "propeller": (-0.7, 0.9),
    "twin": (-0.7, 0.9),
    "glider": (0.2, 0.9),
    "fighter": (-0.2, 0.4),
    "biplane": (-0.75, -0.6),
}
_ENGINES = {
    "airliner": ("under", "under", "under", "rear"),
    "business": ("rear", "rear", "under"),
    "propeller": ("nose",),
    "twin": ("wings",),
    "biplane": ("nose",),
    "glider": ("none", "none", "nose"),
    "fighter": ("inner",),
}
_WING_PLACES = {"fighter": (-0.12, 0.02), "jet": (-0.02, 0.08), "propeller": (0.06, 0.2)}
_TAIL_STYLES = {
    "business": ("t", "cross", "low"),
    "fighter": ("low", "twin"),
    "glider": ("t", "low"),
    "twin": ("low", "low", "low", "t", "twin"),
}


def draw(rng: np.random.Generator) -> Plane:
    """Draw the parameters."""
    kind = pick(rng, *_KINDS)
    length, radius, nose, span, chord, taper, sweep = (between(rng, *bounds) for bounds in _RANGES[kind])
    jet = kind in ("airliner", "business", "fighter")
    engines = pick(rng, *_ENGINES[kind])
    body = material(rng, "car_paint", "linen")
    wings = "fighter" if kind == "fighter" else "jet" if jet else "propeller"
    gears = ("wheels", "wheels", "wheels" if jet or kind == "glider" else "floats")
    return Plane(
        kind=kind,
        length=length,
        radius=radius,
        flat=between(rng, 0.8, 1.25),
        nose=nose,
        tail=between(rng, 0.25, 0.38) if jet else between(rng, 0.38, 0.55),
        tail_rise=between(rng, 0.2, 0.8) if kind != "fighter" else between(rng, 0.0, 0.2),
        span=span,
        chord=chord,
        taper=taper,
        sweep=sweep,
        dihedral=between(rng, -6, 3) if kind == "fighter" else between(rng, 0, 9),
        wing_height=between(rng, *_HEIGHTS.get(kind, (-0.7, -0.3))) if chance(rng, 0.85) else 0.85,
        wing_place=between(rng, *_WING_PLACES[wings]),
        wing_thickness=between(rng, 0.07, 0.16) if not jet else between(rng, 0.06, 0.11),
        tail_span=between(rng, 0.26, 0.45),
        tail_chord=between(rng, 0.08, 0.15),
        fin=between(rng, 0.1, 0.2),
        fin_sweep=between(rng, 0.5, 1.0) if jet else between(rng, 0.1, 0.6),
        tail_style=pick(rng, *_TAIL_STYLES.get(kind, ("low", "low", "low", "t", "cross"))),
        engines=engines,
        engine_count=pick(rng, 1, 1, 2) if engines in ("under", "wings") else 1,
        engine_size=between(rng, 0.38, 0.65) if engines == "under" else between(rng, 0.35, 0.55),
        blades=int(rng.integers(2, 6)),
        gear="none" if chance(rng, 0.6 if jet else 0.2) else pick(rng, *gears),
        winglets=between(rng, 0.04, 0.12) if jet and chance(rng, 0.35) else 0.0,
        stripe=chance(rng, 0.4),
        body_material=body,
        wing_material=like(rng, body, 0.1) if chance(rng, 0.6) else material(rng, "car_paint", "metal"),
        tail_material=material(rng, "car_paint") if chance(rng, 0.6) else body,
        engine_material=material(rng, "metal", "car_paint"),
        window_material=material(rng, "window"),
        rubber=material(rng, "rubber"),
    )


def build(params: Plane) -> list[Part]:
    """Parts of a plane whose nose is at +Z; lengths in fuselages, brought to metres at the end."""
    p = params
    parts = [*_fuselage(p), *_wings(p), *_tail(p), *_power(p), *_gear(p)]
    return [part._replace(solid=Solid(part.solid.verts * p.length, part.solid.faces)) for part in parts]


def _outline(p: Plane, z: float) -> tuple[float, float]:
    """Radius of the fuselage at z, and the height of its axis there."""
    ahead, behind = (0.5 - z) / p.nose, (z + 0.5) / p.tail
    radius, axis = p.radius, 0.0
    if ahead < 1:
        radius *= max(float(np.sqrt(max(1 - (1 - ahead) ** 2, 0.0))), 0.02)
        axis = -0.25 * p.radius * (1 - ahead) ** 2
    elif behind < 1:
        radius *= 0.12 + 0.88 * float(np.sin(0.5 * np.pi * behind)) ** 0.9
        axis = p.tail_rise * p.radius * (1 - behind) ** 1.5
    return radius, axis


def _fuselage(p: Plane) -> list[Part]:
    ahead = 1 - p.nose * np.array([0.7, 0.45, 0.25, 0.1, 0.03])
    shares = np.concatenate([np.linspace(0, p.tail, 6)[:-1], [p.tail, 1 - p.nose], ahead])
    rings = []
    for z in (shares - 0.5).tolist():
        radius, axis = _outline(p, z)
        x, y = (circle(16) * radius).T
        rings.append(np.stack([x, y * p.flat + axis, np.full(16, z)], -1))
    _, low = _outline(p, 0.5)
    parts = [Part("fuselage", loft(np.stack(rings), end=(0.0, low, 0.5)), p.body_material)]
    at = 0.5 - (1.1 if p.kind in ("propeller", "biplane", "glider", "fighter") else 0.55) * p.nose
    radius, axis = _outline(p, at)
    reach = 0.75 * p.nose if p.kind in ("fighter", "glider", "propeller") else 0.4 * p.nose
    glass = ellipsoid((0, axis + 0.62 * radius * p.flat, at), (0.72 * radius, 0.6 * radius, reach), 6, 12)
    parts.append(Part("cockpit", glass, p.window_material))
    if p.kind in ("airliner", "business", "twin"):
        front, rear = 0.5 - 1.25 * p.nose, -0.5 + 1.05 * p.tail
        y, x = 0.25 * p.radius * p.flat, 0.972 * p.radius
        window = bar((x - 0.003, y, rear), (x - 0.003, y, front), (0.014, 0.2 * p.radius))
        parts += both_sides("windows", window, p.window_material)
        if p.stripe:
            x, y = x - 0.004, y - 0.3 * p.radius
            stripe = bar((x, y, rear), (x, y, front), (0.014, 0.14 * p.radius))
            parts += both_sides("stripe", stripe, p.tail_material)
    return parts


_FOIL = np.array(
    [
        (0.5, 0.0), (0.42, 0.35), (0.2, 0.5), (-0.2, 0.3), (-0.5, 0.03),
        (-0.5, -0.03), (-0.2, -0.25), (0.2, -0.42), (0.42, -0.3),
    ]
)  # fmt: skip


def _foil(
    at: tuple[float, float, float], chord: float, thickness: float, upright: bool = False
) -> np.ndarray:
    """Section (9, 3) of a wing around a point, across x, or across y for an upright one."""
    z, thick = _FOIL[:, 0] * chord, _FOIL[:, 1] * thickness * chord
    flat = np.zeros(len(z))
    return np.array(at) + np.stack([thick, flat, z] if upright else [flat, thick, z], -1)


def _wing(p: Plane, height: float, place: float, span: float, winglets: float) -> Solid:
    """The wing at +X."""
    half = span / 2
    rise = half * float(np.tan(np.radians(p.dihedral)))
    back = p.sweep * half + 0.25 * p.chord * (1 - p.taper)
    tip = p.chord * p.taper
    root = _foil((0, height, place), p.chord, p.wing_thickness)
    rings = [root, _foil((half, height + rise, place - back), tip, p.wing_thickness)]
    if winglets > 0:
        up = winglets * half
        rings.append(_foil((half + 0.4 * up, height + rise + up, place - back - 0.6 * up), 0.5 * tip, 0.08))
    else:
        end = (half * 1.012, height + rise, place - back - 0.1 * tip)
        rings.append(_foil(end, 0.7 * tip, 0.4 * p.wing_thickness))
    return loft(np.stack(rings))


def _wings(p: Plane) -> list[Part]:
    height = p.wing_height * p.radius * p.flat
    parts = both_sides("wing", _wing(p, height, p.wing_place, p.span, p.winglets), p.wing_material)
    if p.kind == "biplane":
        upper, ahead = height + 0.85 * p.chord, p.wing_place + 0.12 * p.chord
        parts += both_sides("wing", _wing(p, upper, ahead, p.span * 1.05, 0.0), p.wing_material)
        rise = float(np.tan(np.radians(p.dihedral)))
        for x in (0.08 * p.span, 0.36 * p.span):
            for z in (-0.25, 0.2):
                foot = (x, height + rise * x - 0.002, p.wing_place + z * p.chord - p.sweep * x)
                top = (x, upper + rise * x + 0.002, ahead + z * p.chord - p.sweep * x)
                parts += both_sides("strut", bar(foot, top, 0.009), p.engine_material)
    elif p.kind == "propeller" and p.wing_height > 0.5:
        x = 0.24 * p.span
        y = height + x * float(np.tan(np.radians(p.dihedral)))
        strut = bar((0.6 * p.radius, -0.6 * p.radius, p.wing_place), (x, y, p.wing_place - p.sweep * x), 0.01)
        parts += both_sides("strut", strut, p.engine_material)
    return parts


def _tail(p: Plane) -> list[Part]:
    place = -0.5 + 0.55 * p.tail_chord + 0.01
    _, axis = _outline(p, place)
    top, back = p.fin, p.fin * p.fin_sweep
    chord = p.tail_chord * 1.25

    def fin(x: float) -> Solid:
        foot = (x, axis, place + 0.1 * chord)
        head = (x, axis + p.radius * 0.5 + top, place + 0.1 * chord - 0.6 * back)
        rings = [_foil(foot, chord, 0.1, upright=True), _foil(head, 0.55 * chord, 0.09, upright=True)]
        return loft(np.stack(rings))

    half = p.tail_span / 2
    share = {"low": 0.0, "twin": 0.0, "cross": 0.5, "t": 1.0}[p.tail_style]
    y = axis + share * (0.5 * p.radius + top) - 0.004 * (share == 1)
    z = place + 0.1 * chord - 0.6 * back * share
    root = p.tail_chord * (1 - 0.2 * share)
    sweep = 0.3 * half if p.sweep > 0.2 else 0.08 * half
    rings = [_foil((0, y, z), root, 0.09), _foil((half, y + 0.02 * half, z - sweep), 0.6 * root, 0.08)]
    parts = both_sides("tail plane", loft(np.stack(rings)), p.tail_material if p.stripe else p.wing_material)
    if p.tail_style == "twin" and p.kind == "fighter":
        parts += both_sides("fin", fin(0.0).turned(-14, 2).moved(0.6 * p.radius, 0, 0), p.tail_material)
    elif p.tail_style == "twin":
        outer = fin(0.97 * half).moved(0, -0.3 * top + 0.02 * half, -0.9 * sweep)
        parts += both_sides("fin", outer, p.tail_material)
    else:
        parts.append(Part("fin", fin(0.0), p.tail_material))
    return parts


def _along_z(profile: list[tuple[float, float]], at: tuple[float, float, float]) -> Solid:
    """A profile of (radius, z) turned around the z axis, moved to a point."""
    return revolve(profile, 12).turned(90, 0).moved(*at)


def _nacelle(p: Plane, at: tuple[float, float, float], radius: float) -> list[Part]:
    long = 2.4 * radius
    outer = [(0.55, -1.0), (0.95, -0.3), (1.0, 0.4), (0.85, 0.55)]
    shell = [(r * radius, z * long) for r, z in (*outer, (0.75, 0.4), (0.75, 0.2))]
    fan = ellipsoid((at[0], at[1], at[2] + 0.2 * long), (0.3 * radius, 0.3 * radius, 0.25 * long), 4, 8)
    return [Part("engine", _along_z(shell, at), p.engine_material), Part("fan", fan, p.window_material)]


def _propeller(p: Plane, at: tuple[float, float, float], reach: float, hub: float) -> list[Part]:
    x, y, z = at
    parts = [Part("spinner", ellipsoid((x, y, z), (hub, hub, 1.8 * hub), 4, 10), p.engine_material)]
    for i in range(p.blades):
        angle = 2 * np.pi * (i + 0.3) / p.blades
        tip = (x + reach * float(np.cos(angle)), y + reach * float(np.sin(angle)), z)
        blade = bar((x, y, z), tip, (0.11 * reach + 0.004, 0.06 * reach), (0.12 * reach, 0.03 * reach))
        parts.append(Part("blade", blade, p.rubber))
    return parts


def _on_wing(p: Plane, share: float) -> tuple[float, float, float]:
    """Middle of the wing's section at a share of half the span."""
    x = share * p.span / 2
    rise = x * float(np.tan(np.radians(p.dihedral)))
    back = share * (p.sweep * p.span / 2 + 0.25 * p.chord * (1 - p.taper))
    return x, p.wing_height * p.radius * p.flat + rise, p.wing_place - back


def _power(p: Plane) -> list[Part]:
    size = p.engine_size * p.radius
    parts: list[Part] = []
    if p.engines == "nose":
        _, axis = _outline(p, 0.5)
        return _propeller(p, (0, axis, 0.5), 0.12 + 0.3 * p.radius, 0.28 * p.radius)
    if p.engines == "rear":
        at = (p.radius + 0.85 * size, 0.45 * p.radius, -0.5 + 0.95 * p.tail)
        pylon = bar((0.5 * p.radius, 0.4 * p.radius, at[2]), at, (2.2 * size, 0.3 * size))
        parts = [*_nacelle(p, at, size), Part("pylon", pylon, p.body_material)]
    if p.engines == "inner":
        x, y = 0.75 * p.radius, -0.2 * p.radius
        nozzle = [(0.9 * size, -0.1), (1.2 * size, 0.05), (1.2 * size, 0.25), (0.9 * size, 0.3)]
        parts = [Part("engine", _along_z(nozzle, (x, y, -0.38)), p.engine_material)]
        x += 0.3 * p.radius
        intake = bar((x, y, -0.15), (x, y, 0.12), (0.7 * p.radius, 1.1 * p.radius))
        parts.append(Part("intake", intake, p.body_material))
    for i in range(p.engine_count if p.engines in ("under", "wings") else 0):
        x, y, z = _on_wing(p, 0.33 if p.engine_count == 1 else (0.28, 0.56)[i])
        chord = p.chord * (1 - (1 - p.taper) * x / (p.span / 2))
        if p.engines == "under":
            at = (x, y - 1.25 * size, z + 0.5 * chord + 0.3 * size)
            parts += _nacelle(p, at, size)
            pylon = bar((x, y - 0.6 * size, z), (x, y - 0.6 * size, at[2]), (0.3 * size, 1.3 * size))
            parts.append(Part("pylon", pylon, p.wing_material))
        else:
            outline = ((0.0, -0.6), (0.7, 0.0), (0.85, 0.5), (0.5, 0.95))
            pod = [(r * size, z + share * chord) for r, share in outline]
            parts.append(Part("engine", _along_z(pod, (x, y, 0)), p.engine_material))
            parts += _propeller(p, (x, y, z + 0.95 * chord), 0.1 + 0.3 * p.radius, 0.4 * size)
    return parts + [part._replace(solid=part.solid.mirrored()) for part in parts]


def _gear(p: Plane) -> list[Part]:
    if p.gear == "none":
        return []
    under = 2.2 * p.engine_size if p.engines == "under" else 0.7
    drop = p.radius * p.flat + under * p.radius
    x, z = 1.3 * p.radius, p.wing_place - 0.02
    if p.gear == "floats":
        size = 0.45 * p.radius
        shape = [(0.0, -0.32), (0.7 * size, -0.1), (size, 0.1), (size, 0.25), (0.5 * size, 0.36), (0.0, 0.4)]
        parts = both_sides("float", _along_z(shape, (1.5 * p.radius, -drop, z - 0.05)), p.body_material)
        for at in (-0.06, 0.12):
            strut = bar((0.4 * p.radius, -0.5 * p.radius, z + at), (1.5 * p.radius, -drop, z + at), 0.012)
            parts += both_sides("strut", strut, p.engine_material)
        return parts
    wheel = 0.32 * p.radius + 0.006
    parts = both_sides("wheel", disc((x, -drop, z), wheel, 0.6 * wheel, 12), p.rubber)
    strut = bar((0.5 * p.radius, -0.5 * p.radius, z), (x, -drop, z), 0.2 * p.radius)
    parts += both_sides("strut", strut, p.engine_material)
    end = -0.5 + 0.25 * p.tail if p.kind in ("biplane", "glider") else 0.5 - 1.1 * p.nose
    radius, axis = _outline(p, end)
    low = -drop if end > 0 else axis - radius - 1.2 * wheel
    parts.append(Part("strut", bar((0, axis, end), (0, low, end), 0.15 * p.radius), p.engine_material))
    parts.append(Part("wheel", disc((0, low, end), 0.8 * wheel, 0.5 * wheel, 12), p.rubber))
    return parts
