"""Chairs: of wood and metal, upholstered armchairs, tub and office chairs."""

import numpy as np

from .materials import Material, like, material
from .parameters import about, one_of, parameters, within
from .part import Part, between, both_sides, chance, pick
from .pipes import arc, pipe, rounded_path, sheet
from .solids import Solid, bar, block, box, circle, cushion, leg, loft, rounded_rectangle, slab
from .supports import Support, build_support, draw_support


@parameters
class Chair:
    """Parameters of a chair."""

    width: float = within(0.38, 0.8, "of the seat along x, metres")
    depth: float = within(0.38, 0.75, "of the seat along z, metres")
    seat_height: float = within(0.34, 0.55, "metres")
    seat: str = one_of("board", "round", "padded", "thick", "slats")
    seat_thickness: float = within(0.015, 0.2, "metres")
    back: str = one_of("slats", "rungs", "board", "padded", "curved", "hoop", "cross", "frame", "tub")
    back_height: float = within(0.22, 0.8, "above the seat, metres")
    back_tilt: float = within(0, 22, "degrees towards -Z")
    back_gap: float = within(0.04, 0.2, "free height between seat and back, metres", none=0)
    back_thickness: float = within(0.012, 0.16, "metres")
    back_arch: float = within(0.02, 0.08, "rise of the middle of the upper edge, metres", none=0)
    bars: int = within(2, 7, "slats, rungs or spindles")
    post: float = within(0.018, 0.05, "thickness of the back's posts, metres")
    arms: str = one_of("none", "posts", "panels", "loops")
    arm_height: float = within(0.15, 0.28, "above the seat, metres")
    arm_width: float = within(0.025, 0.18, "metres")
    headrest: bool = about("whether a cushion lies before the upper end of the back")
    support: Support = about("what carries the seat")
    frame_material: Material
    seat_material: Material
    back_material: Material


# what carries the seat, kinds of back, kinds of arms
_USES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "plain": (
        ("legs", "legs", "legs", "legs", "legs", "legs", "sled", "panels", "cross"),
        ("slats", "slats", "rungs", "rungs", "board", "board", "padded", "curved", "hoop", "cross", "frame"),
        ("none", "none", "none", "none", "posts", "posts", "loops"),
    ),
    "office": (("star",), ("padded", "padded", "curved", "frame"), ("none", "posts", "loops")),
    "club": (("legs", "plinth", "legs"), ("padded",), ("panels",)),
    "tub": (("legs", "legs", "star", "pedestal", "cone", "sled"), ("tub",), ("none",)),
    "lounge": (
        ("legs", "legs", "sled", "star", "panels"),
        ("padded", "padded", "curved", "frame"),
        ("none", "posts", "loops"),
    ),
}
_BACK_HEIGHTS = {"lounge": (0.3, 0.8), "tub": (0.22, 0.45)}
_SEAT_THICKNESSES = {"club": (0.12, 0.2), "soft": (0.06, 0.14), "hard": (0.015, 0.06)}
_BACK_THICKNESSES = {"club": (0.08, 0.16), "soft": (0.04, 0.1), "hard": (0.012, 0.035)}


def draw(rng: np.random.Generator) -> Chair:
    """Draw the parameters of a plain, office, tub or upholstered chair."""
    use = pick(rng, "plain", "plain", "plain", "plain", "office", "club", "tub", "lounge")
    soft = use in ("club", "lounge") or (use == "office" and chance(rng, 0.7))
    frame = material(rng, "wood", "wood", "metal", "plastic" if use == "tub" else "wood")
    if use == "office":
        frame = material(rng, "metal", "plastic")
    if soft:
        seat = material(rng, "fabric", "leather")
    elif chance(rng, 0.5):
        seat = like(rng, frame)
    else:
        seat = material(rng, "wood", "plastic", "fabric", "leather")
    supports, backs, arms = _USES[use]
    low = use in ("club", "lounge")
    stuffing = "club" if use == "club" else "soft" if soft else "hard"
    seat_kind = pick(rng, "board", "board", "round", "padded", "padded", "slats")
    return Chair(
        width=between(rng, 0.55, 0.8) if low else between(rng, 0.38, 0.55),
        depth=between(rng, 0.5, 0.75) if low else between(rng, 0.38, 0.52),
        seat_height=between(rng, 0.34, 0.44) if low else between(rng, 0.42, 0.55),
        seat="thick" if use == "club" else "padded" if soft else seat_kind,
        seat_thickness=between(rng, *_SEAT_THICKNESSES[stuffing]),
        back=pick(rng, *backs),
        back_height=between(rng, *_BACK_HEIGHTS.get(use, (0.28, 0.62))),
        back_tilt=0.0 if use == "tub" else between(rng, 8, 22) if use == "lounge" else between(rng, 0, 14),
        back_gap=between(rng, 0.04, 0.2) if use in ("plain", "office") and chance(rng, 0.6) else 0.0,
        back_thickness=between(rng, *_BACK_THICKNESSES[stuffing]),
        back_arch=between(rng, 0.02, 0.08) if chance(rng, 0.3) else 0.0,
        bars=int(rng.integers(2, 8)),
        post=between(rng, 0.018, 0.05),
        arms=pick(rng, *arms),
        arm_height=between(rng, 0.15, 0.28),
        arm_width=between(rng, 0.08, 0.18) if use == "club" else between(rng, 0.025, 0.06),
        headrest=use in ("office", "lounge") and chance(rng, 0.25),
        support=draw_support(rng, supports, frame, (0.022, 0.05)),
        frame_material=frame,
        seat_material=seat,
        back_material=seat if soft or chance(rng, 0.5) else like(rng, frame),
    )


def build(params: Chair) -> list[Part]:
    """Parts of a chair whose sitter looks towards +Z."""
    p = params
    low = p.seat_height - p.seat_thickness
    base = build_support(p.support, p.width, p.depth, low + 0.004, p.seat == "round")
    upright = [*_BACKS[p.back](p), *_headrest(p)]
    hinge = (0.0, p.seat_height, _rise(p)[1])
    tilted = [part._replace(solid=part.solid.turned(-p.back_tilt, 0, hinge)) for part in upright]
    return [*base, *_seat(p, low), *tilted, *_arms(p)]


def _seat(p: Chair, low: float) -> list[Part]:
    high, x, z = p.seat_height, p.width / 2, p.depth / 2
    if p.seat == "round":
        solid = slab(circle(20) * (x, z), low, high, 0.2 * p.seat_thickness)
    elif p.seat == "board":
        plan = rounded_rectangle(p.width, p.depth, 0.12 * p.width)
        plan = plan * np.stack([1 + 0.12 * plan[:, 1] / z, np.ones(len(plan))], -1) * (1 / 1.12, 1)
        solid = slab(plan, low, high, 0.15 * p.seat_thickness)
    elif p.seat == "slats":
        return _seat_slats(p, low)
    else:
        solid = cushion((-x, low, -z), (x, high, z), 0.4 * p.seat_thickness)
    return [Part("seat", solid, p.seat_material)]


def _seat_slats(p: Chair, low: float) -> list[Part]:
    x, z, count = p.width / 2, p.depth / 2, p.bars + 2
    each = p.depth / count
    high, under, tall = p.seat_height, p.seat_height - 0.5 * p.seat_thickness, 0.7 * p.seat_thickness
    slats = [box((-x, under, -z + each * (i + 0.1)), (x, high, -z + each * (i + 0.9))) for i in range(count)]
    slats += [block(p.width * 0.98, tall, 0.04, 0, low, side * 0.85 * z) for side in (-1, 1)]
    slats += [block(0.04, tall, p.depth * 0.98, side * 0.85 * x, low) for side in (-1, 1)]
    return [Part("slat", slat, p.seat_material) for slat in slats]


def _rise(p: Chair) -> tuple[float, float, float, float]:
    """Half the width between the posts, their plane, and the heights between which a back is."""
    x, z = p.width / 2 - p.post / 2, -p.depth / 2 + p.post / 2
    if p.seat == "round":
        x, z = 0.68 * x, 0.76 * z
    return x, z, p.seat_height + p.back_gap, p.seat_height + p.back_height


def _posts(p: Chair) -> list[Part]:
    x, z, _, high = _rise(p)
    low = p.seat_height - p.seat_thickness
    post = leg((x, low, z), (x, high, z), p.post, (p.post * 0.8, p.post * 0.8), p.support.sides)
    return both_sides("post", post, p.frame_material)


def _crosspiece(p: Chair, low: float, high: float, material: Material) -> Part:
    """A board between the posts, bent a little and with an arched upper edge."""
    x, z, _, _ = _rise(p)
    across = np.linspace(-x, x, 9)
    bow = 1 - (across / x) ** 2
    bent = z - p.back_thickness / 2 - 0.4 * p.back_arch * bow
    lower = np.stack([across, np.full(9, low), bent], -1)
    upper = np.stack([across, high + p.back_arch * bow, bent], -1)
    return Part("crosspiece", sheet(lower, upper, p.back_thickness, (0, 0, 1)), material)


def _slats(p: Chair) -> list[Part]:
    x, z, low, high = _rise(p)
    rail = min(0.06, 0.25 * (high - low))
    parts = [*_posts(p), _crosspiece(p, high - rail, high, p.back_material)]
    if p.back_gap > 0:
        parts.append(_crosspiece(p, low, low + 0.7 * rail, p.back_material))
    bottom = low + 0.3 * rail if p.back_gap > 0 else p.seat_height - 0.5 * p.seat_thickness
    wide = min(0.7 * 2 * x / (p.bars + 1), 0.05)
    for at in np.linspace(-x, x, p.bars + 2)[1:-1].tolist():
        slat = leg((at, bottom, z), (at, high - 0.5 * rail, z), (wide, 0.5 * p.post), None, p.support.sides)
        parts.append(Part("slat", slat, p.back_material))
    return parts


def _rungs(p: Chair) -> list[Part]:
    _, _, low, high = _rise(p)
    count = min(p.bars, 5)
    each = (high - low) / count
    share = 0.35 + 0.4 * (p.bars % 3) / 2
    edges = [(high - each * (i + share), high - each * i) for i in range(count)]
    return [*_posts(p), *(_crosspiece(p, bottom, top, p.back_material) for bottom, top in edges)]


def _board(p: Chair) -> list[Part]:
    _, _, low, high = _rise(p)
    low = low if p.back_gap > 0 else p.seat_height - 0.6 * p.seat_thickness
    board = _crosspiece(p, low, high, p.back_material)
    return [board] if p.back_gap == 0 else [*_posts(p), board]


def _padded(p: Chair) -> list[Part]:
    x, z, low, high = _rise(p)
    half, rear = p.width / 2, -p.depth / 2
    bottom, under = p.seat_height - 0.5 * p.seat_thickness, p.seat_height - p.seat_thickness
    corners = (-half, low if p.back_gap else bottom, rear), (half, high, rear + p.back_thickness)
    parts = [Part("back", cushion(*corners, 0.35 * p.back_thickness), p.back_material)]
    if p.back_gap > 0 and p.support.kind == "star":
        spine = box((-0.035, under, rear - 0.01), (0.035, low + 0.1, rear + 0.015))
        parts.append(Part("spine", spine, p.frame_material))
    elif p.back_gap > 0:
        post = leg((0.7 * x, under, z), (0.7 * x, low + 0.1, z), p.post)
        parts += both_sides("post", post, p.frame_material)
    return parts


def _shell(p: Chair, low: float, high: float, half_angle: float, drop: float) -> Solid:
    """A bent board around the back of the seat; its ends are lower than its middle by `drop` metres."""
    x, z = p.width / 2, p.depth / 2
    curve = arc((0, low, 0), (x, z), -90 - half_angle, -90 + half_angle, 14, "xz")
    share = np.linspace(-1, 1, len(curve)) ** 2
    upper = curve * (1.06, 1, 1.06)
    upper[:, 1] = high - drop * share
    lower = np.concatenate([curve, curve[::-1] * (0.92, 1, 0.92)])
    upper = np.concatenate([upper, upper[::-1] * (0.92, 1, 0.92)])
    return loft(np.stack([lower, upper]))


def _curved(p: Chair) -> list[Part]:
    _, _, low, high = _rise(p)
    middle = p.seat_height - 0.5 * p.seat_thickness
    shell = _shell(p, low if p.back_gap else middle, high, 55, 0.25 * (high - low))
    parts = [Part("back", shell, p.back_material)]
    for angle in np.radians([-125, -55]).tolist() if p.back_gap > 0 else ():
        x, z = p.width / 2 * np.cos(angle) * 0.93, p.depth / 2 * np.sin(angle) * 0.93
        post = leg((x, middle - 0.02, z), (x, low + 0.08, z), p.post * 0.7)
        parts.append(Part("post", post, p.frame_material))
    return parts


def _tub(p: Chair) -> list[Part]:
    half_angle = 90 + 10 * min(p.bars, 5)
    drop = 0.12 * (p.bars % 4) * p.back_height
    shell = _shell(p, p.seat_height - p.seat_thickness, p.seat_height + p.back_height, half_angle, drop)
    return [Part("back", shell, p.back_material)]


def _hoop(p: Chair) -> list[Part]:
    x, z, _, high = _rise(p)
    base = p.seat_height - 0.5 * p.seat_thickness
    shoulder = p.seat_height + 0.35 * p.back_height
    curve = arc((0, shoulder, z), (x, high - shoulder), 0, 180, 12)
    path = np.concatenate([[[0.85 * x, base, z]], curve, [[-0.85 * x, base, z]]])
    parts = [Part("hoop", pipe(path, p.post * 0.8, 6, up=(0, 0, 1)), p.frame_material)]
    for at in np.linspace(-0.75, 0.75, p.bars).tolist():
        top = shoulder + (high - shoulder) * np.sqrt(1 - at * at)
        spindle = leg((0.8 * at * x, base, z), (at * x, top, z), p.post * 0.5, None, 6)
        parts.append(Part("spindle", spindle, p.back_material))
    return parts


def _cross(p: Chair) -> list[Part]:
    x, z, low, high = _rise(p)
    rail = 0.05
    bottom = low if p.back_gap else p.seat_height
    parts = [*_posts(p), _crosspiece(p, high - rail, high, p.back_material)]
    for side in (-1, 1):
        ends = (-side * x, bottom, z), (side * x, high - rail, z + side * 0.004)
        parts.append(Part("diagonal", bar(*ends, (0.7 * p.post, 0.5 * p.post)), p.back_material))
    return parts


def _frame(p: Chair) -> list[Part]:
    x, z, low, high = _rise(p)
    base = p.seat_height - 0.5 * p.seat_thickness
    loop = rounded_path([(x, base, z), (x, high, z), (-x, high, z), (-x, base, z)], 0.25 * x, 4)
    parts = [Part("frame", pipe(loop, p.post * 0.8, 6, up=(0, 0, 1)), p.frame_material)]
    low = max(low, p.seat_height + 0.25 * p.back_height)
    return [*parts, _crosspiece(p, low, high - 0.25 * (high - low), p.back_material)]


_BACKS = {
    "slats": _slats,
    "rungs": _rungs,
    "board": _board,
    "padded": _padded,
    "curved": _curved,
    "tub": _tub,
    "hoop": _hoop,
    "cross": _cross,
    "frame": _frame,
}


def _headrest(p: Chair) -> list[Part]:
    if not p.headrest:
        return []
    high, z = p.seat_height + p.back_height, -p.depth / 2
    pad = cushion((-0.35 * p.width, high - 0.06, z), (0.35 * p.width, high + 0.1, z + 0.09), 0.03)
    return [Part("headrest", pad, p.seat_material)]


def _arms(p: Chair) -> list[Part]:
    x, z, y = p.width / 2, p.depth / 2, p.seat_height + p.arm_height
    lean = np.tan(np.radians(p.back_tilt)) * p.arm_height
    back = -z - lean + 0.5 * p.post
    low = p.seat_height - p.seat_thickness
    if p.arms == "panels":
        panel = cushion((x - 0.01, low, -z), (x + p.arm_width, y, z), 0.3 * p.arm_width)
        return both_sides("arm", panel, p.seat_material)
    if p.arms == "posts":
        pad = box((x - p.arm_width / 2, y - 0.025, back), (x + p.arm_width / 2, y, 0.7 * z))
        post = leg((x, low, 0.55 * z), (x, y - 0.01, 0.55 * z), p.post * 0.8, None, p.support.sides)
        parts = both_sides("arm", pad, p.frame_material) + both_sides("arm post", post, p.frame_material)
        if p.back in ("curved", "hoop") or (p.back == "padded" and p.back_gap > 0):
            rear = leg((x, low, -0.6 * z), (x, y - 0.01, -0.6 * z), p.post * 0.8, None, p.support.sides)
            parts += both_sides("arm post", rear, p.frame_material)
        return parts
    if p.arms == "loops":
        path = [(x, low + 0.01, 0.6 * z), (x, y, 0.6 * z), (x, y, -0.6 * z), (x, low + 0.01, -0.6 * z)]
        loop = pipe(rounded_path(path, 0.08), 0.8 * p.arm_width, 6, up=(1, 0, 0))
        return both_sides("arm", loop, p.frame_material)
    return []
