"""Tables and desks."""

import numpy as np

from .materials import Material, like, material
from .parameters import about, one_of, parameters, within
from .part import Part, between, both_sides, chance, pick
from .solids import block, box, circle, cylinder, rounded_rectangle, slab, superellipse
from .supports import Support, build_support, draw_support


@parameters
class Table:
    """Parameters of a table."""

    width: float = within(0.35, 2.2, "of the top along x, metres")
    depth: float = within(0.28, 1.4, "along z, metres; the width where the plan is a circle or a square")
    height: float = within(0.3, 1.1, "metres")
    plan: str = one_of("rectangle", "rounded", "square", "round", "oval", "superellipse")
    corner: float = within(0.03, 0.25, "radius of rounded corners, metres")
    top: float = within(0.012, 0.09, "thickness of the top, metres")
    bevel: float = within(0.004, 0.03, "of the top's edges, metres", none=0)
    overhang: float = within(0, 0.15, "how far the top reaches out, a fraction of its size")
    support: Support = about("what carries the top")
    apron: float = within(0.05, 0.14, "height of the frame under the top, metres", none=0)
    shelf: float = within(0.15, 0.5, "height of a shelf below the top as a fraction of the table's", none=0)
    drawers: int = within(0, 3, "fronts in the apron")
    cabinet: str = one_of("none", "left", "right", "both", what="body with drawers below a desk's top")
    modesty: bool = about("whether a panel closes a desk's back")
    hutch: float = within(0.12, 0.5, "height of a board or shelf at the back of a desk's top, metres", none=0)
    leaf: bool = about("whether a runner or a second material lies along the middle of the top")
    top_material: Material
    body_material: Material
    handle_material: Material


# width, height
_USES = {
    "dining": ((0.8, 2.2), (0.68, 0.8)),
    "coffee": ((0.5, 1.4), (0.3, 0.5)),
    "side": ((0.35, 0.65), (0.42, 0.7)),
    "bar": ((0.5, 1.3), (0.85, 1.1)),
    "desk": ((0.9, 1.8), (0.68, 0.8)),
    "console": ((0.8, 1.6), (0.7, 0.95)),
}
_ROUNDISH = ("round", "oval", "superellipse")
_PLANS = ("rectangle", "rectangle", "rectangle", "rounded", "square", "round", *_ROUNDISH)
_TOPS = ("wood", "wood", "stone", "paint", "glass", "plastic")
_SUPPORTS = (
    "legs", "legs", "legs", "legs", "legs", "panels", "trestle", "trestle", "sled", "cross", "pedestal", "plinth",
)  # fmt: skip
_ROUND_SUPPORTS = ("legs", "legs", "pedestal", "pedestal", "star", "cone", "cross")
_DESK_SUPPORTS = ("legs", "panels", "trestle", "sled")


def draw(rng: np.random.Generator) -> Table:
    """Draw the parameters of a dining, coffee, side or bar table, or a desk."""
    use = pick(rng, "dining", "dining", "coffee", "coffee", "side", "bar", "desk", "desk", "console")
    widths, heights = _USES[use]
    plan = pick(rng, *_PLANS)
    if use in ("desk", "console"):
        plan = pick(rng, "rectangle", "rectangle", "rounded")
    width = between(rng, *widths)
    regular = plan in ("square", "round")
    depth = width if regular else between(rng, max(0.32, 0.35 * width), min(1.2, 0.95 * width))
    if use == "console":
        depth = between(rng, 0.28, 0.42)
    if regular:
        width = depth = min(width, 1.4)
    body = material(rng, "wood", "wood", "wood", "metal", "paint")
    top = like(rng, body) if chance(rng, 0.55) else material(rng, *_TOPS)
    roundish = plan in _ROUNDISH
    kinds = _DESK_SUPPORTS if use == "desk" else _ROUND_SUPPORTS if roundish else _SUPPORTS
    support = draw_support(rng, kinds, body, (0.025, 0.1))
    shelved = support.kind in ("legs", "panels") and use != "desk"
    legged = support.kind == "legs" and not roundish
    return Table(
        width=width,
        depth=depth,
        height=between(rng, *heights),
        plan=plan,
        corner=between(rng, 0.03, 0.25),
        top=between(rng, 0.012, 0.04) if chance(rng, 0.7) else between(rng, 0.04, 0.09),
        bevel=between(rng, 0.004, 0.03) if chance(rng, 0.4) else 0.0,
        overhang=between(rng, 0.0, 0.15) if chance(rng, 0.6) else 0.0,
        support=support,
        apron=between(rng, 0.05, 0.14) if legged and chance(rng, 0.5) else 0.0,
        shelf=between(rng, 0.15, 0.5) if shelved and chance(rng, 0.3) else 0.0,
        drawers=pick(rng, 0, 0, 1, 2, 3) if legged else 0,
        cabinet=pick(rng, "none", "left", "right", "left", "right", "both") if use == "desk" else "none",
        modesty=use == "desk" and chance(rng, 0.4),
        hutch=between(rng, 0.12, 0.5) if use == "desk" and chance(rng, 0.25) else 0.0,
        leaf=chance(rng, 0.1),
        top_material=top,
        body_material=body,
        handle_material=material(rng, "metal"),
    )


def outline(plan: str, width: float, depth: float, corner: float) -> np.ndarray:
    """Outline (x, z) of a top."""
    if plan in ("rectangle", "square"):
        return rounded_rectangle(width, depth, 0)
    if plan == "rounded":
        return rounded_rectangle(width, depth, corner, 4)
    if plan == "superellipse":
        return superellipse(width, depth, 3.5, 28)
    return circle(28) * (width / 2, depth / 2)


def build(params: Table) -> list[Part]:
    """Parts of a table, the front of its drawers towards +Z."""
    p = params
    under = p.height - p.top
    plan = outline(p.plan, p.width, p.depth, p.corner)
    parts = [Part("top", slab(plan, under, p.height, p.bevel), p.top_material)]
    if p.leaf:
        runner = block(p.width * 0.96, 0.006, p.depth * 0.3, y=p.height - 0.001)
        parts.append(Part("runner", runner, p.body_material))
    width, depth = p.width * (1 - p.overhang), p.depth * (1 - p.overhang)
    round_plan = p.plan in _ROUNDISH
    if p.support.kind == "plinth":
        width, depth = 0.8 * width, 0.7 * depth
    parts += build_support(p.support, width, depth, under + 0.002, round_plan)
    if p.apron > 0 or p.drawers:
        parts += _apron(p, width, depth, under)
    if p.shelf > 0:
        parts += _shelf(p, width, depth, round_plan)
    parts += _desk(p, width, depth, under)
    return parts


def _apron(p: Table, width: float, depth: float, under: float) -> list[Part]:
    height = max(p.apron, 0.09 if p.drawers else 0.0)
    thick = 0.02
    x = (width / 2 - p.support.thickness / 2) * (1 - p.support.inset)
    z = (depth / 2 - p.support.thickness / 2) * (1 - p.support.inset)
    low = under - height
    boards = [box((-x, low, end - thick / 2), (x, under, end + thick / 2)) for end in (-z, z)]
    boards += [box((end - thick / 2, low, -z), (end + thick / 2, under, z)) for end in (-x, x)]
    parts = [Part("apron", board, p.body_material) for board in boards]
    for i in range(p.drawers):
        each = 2 * x / p.drawers
        middle = -x + each * (i + 0.5)
        front = z + thick / 2
        drawer = block(each * 0.88, height * 0.8, 0.016, middle, low + height * 0.1, front)
        handle = block(min(0.12, 0.3 * each), 0.014, 0.03, middle, low + height * 0.5, front + 0.015)
        parts += [Part("drawer", drawer, p.top_material), Part("handle", handle, p.handle_material)]
    return parts


def _shelf(p: Table, width: float, depth: float, round_plan: bool) -> list[Part]:
    y = p.shelf * p.height
    spread = 1 - p.support.inset
    if p.support.kind == "legs":
        spread *= 1 + p.support.splay * (1 - p.shelf)
    reach = 0.86 if round_plan or p.support.legs not in (4, 6) else 0.98
    width, depth = width * spread * reach, depth * spread * reach
    plan = outline("oval" if round_plan else "rectangle", width, depth, p.corner)
    return [Part("shelf", slab(plan, y, y + min(p.top, 0.03)), p.top_material)]


def _desk(p: Table, width: float, depth: float, under: float) -> list[Part]:
    parts = []
    body = min(0.42, 0.33 * width)
    x = width / 2 - body / 2 - (p.support.thickness if p.support.kind in ("panels", "legs", "sled") else 0)
    for side, word in ((-1, "left"), (1, "right")):
        if p.cabinet in (word, "both"):
            low = 0.08 if p.support.kind == "legs" else 0.0
            parts.append(Part("body", block(body, under - low, depth * 0.9, side * x, low), p.body_material))
            count = 3 if p.top < 0.03 else 2
            each = (under - low) / count
            for i in range(count):
                y = low + each * i
                drawer = block(body * 0.92, each * 0.86, 0.02, side * x, y + each * 0.07, depth * 0.45)
                handle = block(body * 0.35, 0.014, 0.03, side * x, y + each * 0.6, depth * 0.45 + 0.02)
                parts += [Part("drawer", drawer, p.top_material), Part("handle", handle, p.handle_material)]
    if p.modesty:
        panel = block(width * 0.94, under * 0.6, 0.018, y=under * 0.4, z=-depth * 0.42)
        parts.append(Part("panel", panel, p.body_material))
    if p.hutch > 0:
        back = block(p.width * 0.98, p.hutch, 0.018, y=p.height - 0.002, z=-p.depth / 2 + 0.012)
        parts.append(Part("hutch", back, p.body_material))
        if p.hutch > 0.25:
            high, rear = p.height + p.hutch, -p.depth / 2
            board = block(p.width * 0.98, 0.02, 0.2, y=high - 0.02, z=rear + 0.1)
            end = box((p.width * 0.47, p.height - 0.002, rear), (p.width * 0.49, high, rear + 0.2))
            parts += [Part("hutch", board, p.top_material), *both_sides("hutch", end, p.top_material)]
    if p.leaf and p.plan == "round":
        parts.append(Part("vase", cylinder((0, p.height, 0), 0.05, 0.16, 12, 0.03), p.handle_material))
    return parts
