"""Beds: single and double, with head and foot boards, canopies, bunks, day beds."""

from itertools import product

import numpy as np

from .materials import Material, like, material
from .parameters import about, one_of, parameters, within
from .part import Part, between, both_sides, chance, pick
from .pipes import sheet
from .solids import bar, block, box, cushion, leg


@parameters
class Bed:
    """Parameters of a bed. The head is at -Z."""

    width: float = within(0.75, 2.0, "of the mattress along x, metres")
    length: float = within(1.6, 2.15, "along z, metres")
    frame: float = within(0.18, 0.5, "height of the frame's upper edge, metres")
    rail: float = within(0.06, 0.3, "height of the frame's boards, metres")
    mattress: float = within(0.12, 0.3, "thickness, metres")
    head: str = one_of("none", "board", "arch", "padded", "bars", "panels")
    head_height: float = within(0.6, 1.4, "above the floor, metres")
    foot: bool = about("whether a footboard of the head's kind stands at +Z")
    foot_height: float = within(0.28, 0.85, "above the floor, metres")
    post: float = within(0.04, 0.1, "thickness of posts and feet, metres")
    upper: str = one_of("none", "canopy", "bunk")
    upper_height: float = within(1.2, 2.1, "of a canopy or of the upper bed's frame, metres")
    ladder: int = one_of(-1, 1, what="side of a bunk's ladder")
    pillows: int = one_of(0, 1, 2, 4)
    cover: float = within(0.3, 0.8, "share of the mattress under a blanket, from the foot", none=0)
    drawers: bool = about("whether drawers fill the room under the frame")
    side_rail: int = one_of(-1, 0, 1, what="side of a day bed's back rail, or 0 for none")
    frame_material: Material
    head_material: Material
    mattress_material: Material
    cover_material: Material


def draw(rng: np.random.Generator) -> Bed:
    """Draw the parameters."""
    frame = material(rng, "wood", "wood", "wood", "metal", "paint")
    upper = pick(rng, "none", "none", "none", "none", "none", "none", "canopy", "bunk")
    width = between(rng, 0.75, 1.1) if upper == "bunk" or chance(rng, 0.35) else between(rng, 1.1, 2.0)
    head = pick(rng, "none", "board", "board", "arch", "padded", "padded", "bars", "panels")
    height = between(rng, 0.18, 0.5)
    return Bed(
        width=width,
        length=between(rng, 1.6, 2.15),
        frame=height,
        rail=between(rng, 0.06, min(0.3, height)),
        mattress=between(rng, 0.12, 0.3),
        head=head if upper == "none" else pick(rng, "bars", "board"),
        head_height=between(rng, max(0.6, height + 0.35), 1.4),
        foot=chance(rng, 0.4),
        foot_height=between(rng, height + 0.1, 0.85),
        post=between(rng, 0.04, 0.1),
        upper=upper,
        upper_height=between(rng, 1.2, 1.6) if upper == "bunk" else between(rng, 1.7, 2.1),
        ladder=pick(rng, -1, 1),
        pillows=pick(rng, 0, 1, 2, 2, 2, 4) if width > 1.1 else pick(rng, 0, 1, 1),
        cover=between(rng, 0.3, 0.8) if chance(rng, 0.6) else 0.0,
        drawers=upper == "none" and height > 0.3 and chance(rng, 0.4),
        side_rail=pick(rng, -1, 1) if width < 1.1 and upper == "none" and chance(rng, 0.3) else 0,
        frame_material=frame,
        head_material=material(rng, "fabric", "leather") if head == "padded" else like(rng, frame),
        mattress_material=material(rng, "linen"),
        cover_material=material(rng, "fabric", "fabric", "linen"),
    )


def build(params: Bed) -> list[Part]:
    """Parts of a bed whose head is at -Z."""
    p = params
    parts = _berth(p, 0.0)
    parts += _end(p, -1, p.head, p.head_height) if p.head != "none" else []
    if p.foot:
        parts += _end(p, 1, p.head if p.head != "none" else "board", p.foot_height)
    if p.upper != "none":
        parts += _posts(p)
    if p.upper == "bunk":
        parts += _berth(p, p.upper_height - p.frame, feet=False) + _bunk(p)
    if p.side_rail:
        top = p.frame + p.mattress + 0.3
        rail = block(0.05, top - 0.02, p.length * 0.98, p.side_rail * (p.width / 2 + 0.02), 0.02)
        parts.append(Part("side", rail, p.head_material))
    return parts


def _berth(p: Bed, rise: float, feet: bool = True) -> list[Part]:
    """Frame, mattress, pillows and blanket, `rise` metres above their usual place."""
    x, z = p.width / 2 + 0.03, p.length / 2 + 0.03
    high = p.frame + rise
    parts = [Part("frame", box((-x, high - p.rail, -z), (x, high, z)), p.frame_material)]
    low = high - 0.3 * min(p.rail, 0.2)
    top, side, end = high + p.mattress, p.width / 2, p.length / 2
    mattress = cushion((-side, low, -end), (side, top, end), 0.25 * p.mattress)
    parts.append(Part("mattress", mattress, p.mattress_material))
    if feet and p.drawers:
        parts.append(Part("drawers", block(2 * x - 0.04, high - 0.01, 2 * z - 0.06), p.head_material))
    elif feet:
        x, z = x - p.post / 2, z - p.post / 2
        for at_x, at_z in product((-x, x), (-z, z)):
            foot = leg((at_x, 0, at_z), (at_x, high - 0.01, at_z), 0.8 * p.post, p.post)
            parts.append(Part("leg", foot, p.frame_material))
    if p.cover > 0:
        side, front = side + 0.015, end + 0.015
        blanket = cushion((-side, high, front - p.cover * p.length), (side, top + 0.02, front), 0.03)
        parts.append(Part("blanket", blanket, p.cover_material))
    across = 1 if p.width < 1.1 else 2
    wide = min(0.7, 0.85 * p.width / across)
    for i in range(min(p.pillows, 2 * across)):
        middle = (i % across - (across - 1) / 2) * p.width / across
        back = -end + 0.04 + 0.2 * (i // across)
        lift = top - 0.03 + 0.06 * (i // across)
        pad = cushion((middle - wide / 2, lift, back), (middle + wide / 2, lift + 0.13, back + 0.4), 0.055)
        parts.append(Part("pillow", pad, p.mattress_material))
    return parts


def _end(p: Bed, side: int, kind: str, height: float) -> list[Part]:
    """Head (side -1) or foot (side 1) of the bed."""
    x, z = p.width / 2 + 0.03, side * (p.length / 2 + 0.03 + p.post / 2 - 0.004)
    t = p.post / 2
    if kind in ("board", "arch"):
        z = side * (p.length / 2 + 0.03 + t / 4)
    if kind == "padded":
        pad = cushion((-x, 0.5 * p.frame, z - t - 0.01), (x, height, z + t + 0.01), 0.5 * t)
        return [Part("board", pad, p.head_material)]
    if kind == "arch":
        across = np.linspace(-x, x, 13)
        lower = np.stack([across, np.full(13, 0.4 * p.frame), np.full(13, z - t / 2)], -1)
        upper = lower.copy()
        upper[:, 1] = height - 0.25 * (height - p.frame) * (across / x) ** 2
        return [Part("board", sheet(lower, upper, t, (0, 0, 1)), p.head_material)]
    if kind == "board":
        return [Part("board", box((-x, 0.0, z - t / 2), (x, height, z + t / 2)), p.head_material)]
    posts = both_sides("post", leg((x - t, 0, z), (x - t, height, z), p.post), p.frame_material)
    rails = [box((-x + t, y - 0.04, z - t * 0.6), (x - t, y, z + t * 0.6)) for y in (height - 0.02, p.frame)]
    parts = posts + [Part("rail", rail, p.frame_material) for rail in rails]
    if kind == "panels":
        panel = box((-x + t, p.frame - 0.02, z - t * 0.3), (x - t, height - 0.05, z + t * 0.3))
        return [*parts, Part("panel", panel, p.head_material)]
    for at in np.linspace(-x, x, max(5, int(x / 0.09))).tolist()[1:-1]:
        rod = leg((at, p.frame - 0.01, z), (at, height - 0.03, z), 0.03, None, 8)
        parts.append(Part("bar", rod, p.head_material))
    return parts


def _posts(p: Bed) -> list[Part]:
    x, z = p.width / 2 + 0.03 - p.post / 2, p.length / 2 + 0.03 - p.post / 2
    top = p.upper_height + (0.4 if p.upper == "bunk" else 0.0)
    corners = product((-x, x), (-z, z))
    solids = [leg((at_x, 0, at_z), (at_x, top, at_z), p.post) for at_x, at_z in corners]
    high = top - p.post / 2
    solids += [bar((-x, high, end), (x, high, end), 0.7 * p.post) for end in (-z, z)]
    solids += [bar((side, high, -z), (side, high, z), 0.7 * p.post) for side in (-x, x)]
    parts = [Part("post", solid, p.frame_material) for solid in solids]
    if p.upper == "canopy" and p.foot:
        cloth = box((-x, top - 0.03, -z), (x, top - 0.012, z))
        parts.append(Part("canopy", cloth, p.cover_material))
    return parts


def _bunk(p: Bed) -> list[Part]:
    x = p.ladder * (p.width / 2 + 0.05)
    z, wide = p.length / 2 - 0.45, 0.38
    lean = p.ladder * 0.15
    top = p.upper_height + 0.38
    rails = [bar((x + lean, 0.02, at), (x, top, at), 0.045) for at in (z, z + wide)]
    places = [(x + lean * (1 - i / 6), top * i / 6) for i in range(1, 6)]
    rungs = [bar((at, y, z), (at, y, z + wide), 0.035) for at, y in places]
    return [Part("ladder", solid, p.frame_material) for solid in rails + rungs]
