"""Tables and desks."""

from dataclasses import dataclass

import numpy as np

from .materials import Material, like, material
from .part import Part, between, chance, pick
from .solids import block, box, circle, cylinder, rounded_rectangle, slab, superellipse
from .supports import Support, build_support, draw_support


@dataclass(frozen=True)
class Table:
    """Parameters of a table.

    Attributes:
        width: of the top along x, metres, 0.35 to 2.2.
        depth: along z, metres, 0.35 to 1.2; the width where the plan is a circle or a square.
        height: metres, 0.3 to 1.1.
        plan: "rectangle", "rounded", "square", "round", "oval" or "superellipse".
        corner: radius of rounded corners, metres, 0.03 to 0.25.
        top: thickness of the top, metres, 0.012 to 0.09.
        bevel: of the top's edges, metres, 0 to 0.03.
        overhang: how far the top reaches beyond what carries it, a fraction of its size, 0 to 0.15.
        support: what carries it.
        apron: height of the frame under the top, metres; 0 for none, to 0.14.
        shelf: height of a shelf below the top as a fraction of the table's height; 0 for none, 0.15 to 0.5.
        drawers: fronts in the apron, 0 to 3.
        cabinet: body with drawers below a desk's top: "none", "left", "right" or "both".
        modesty: whether a panel closes a desk's back.
        hutch: height of a board or shelf at the back of a desk's top, metres; 0 for none, to 0.5.
        leaf: whether a runner or a second material lies along the middle of the top.
        top_material, body_material, handle_material: what it is made of.
    """

    width: float
    depth: float
    height: float
    plan: str
    corner: float
    top: float
    bevel: float
    overhang: float
    support: Support
    apron: float
    shelf: float
    drawers: int
    cabinet: str
    modesty: bool
    hutch: float
    leaf: bool
    top_material: Material
    body_material: Material
    handle_material: Material


def draw(rng: np.random.Generator) -> Table:
    """Draw the parameters of a dining, coffee, side or bar table, or a desk."""
    use = pick(rng, "dining", "dining", "coffee", "coffee", "side", "bar", "desk", "desk", "console")
    low, high = {
        "dining": (0.68, 0.8), "coffee": (0.3, 0.5), "side": (0.42, 0.7), "bar": (0.85, 1.1), "desk": (0.68, 0.8),
        "console": (0.7, 0.95),
    }[use]  # fmt: skip
    plan = pick(
        rng,
        "rectangle",
        "rectangle",
        "rectangle",
        "rounded",
        "square",
        "round",
        "round",
        "oval",
        "superellipse",
    )
    if use in ("desk", "console"):
        plan = pick(rng, "rectangle", "rectangle", "rounded")
    widths = {
        "dining": (0.8, 2.2),
        "coffee": (0.5, 1.4),
        "side": (0.35, 0.65),
        "bar": (0.5, 1.3),
        "desk": (0.9, 1.8),
        "console": (0.8, 1.6),
    }
    width = between(rng, *widths[use])
    depth = (
        width
        if plan in ("square", "round")
        else between(rng, max(0.32, 0.35 * width), min(1.2, 0.95 * width))
    )
    if use == "console":
        depth = between(rng, 0.28, 0.42)
    if plan in ("square", "round"):
        width = depth = min(width, 1.4)
    body = material(rng, "wood", "wood", "wood", "metal", "paint")
    top = (
        like(rng, body)
        if chance(rng, 0.55)
        else material(rng, "wood", "wood", "stone", "paint", "glass", "plastic")
    )
    roundish = plan in ("round", "oval", "superellipse")
    kinds = (
        ("legs", "legs", "pedestal", "pedestal", "star", "cone", "cross")
        if roundish
        else (
            "legs",
            "legs",
            "legs",
            "legs",
            "legs",
            "panels",
            "trestle",
            "trestle",
            "sled",
            "cross",
            "pedestal",
            "plinth",
        )
    )
    support = draw_support(
        rng, ("legs", "panels", "trestle", "sled") if use == "desk" else kinds, body, (0.025, 0.1)
    )
    legged = support.kind == "legs" and not roundish
    return Table(
        width=width,
        depth=depth,
        height=between(rng, low, high),
        plan=plan,
        corner=between(rng, 0.03, 0.25),
        top=between(rng, 0.012, 0.04) if chance(rng, 0.7) else between(rng, 0.04, 0.09),
        bevel=between(rng, 0.004, 0.03) if chance(rng, 0.4) else 0.0,
        overhang=between(rng, 0.0, 0.15) if chance(rng, 0.6) else 0.0,
        support=support,
        apron=between(rng, 0.05, 0.14) if legged and chance(rng, 0.5) else 0.0,
        shelf=between(rng, 0.15, 0.5)
        if support.kind in ("legs", "panels") and use != "desk" and chance(rng, 0.3)
        else 0.0,
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
        parts.append(
            Part("runner", block(p.width * 0.96, 0.006, p.depth * 0.3, y=p.height - 0.001), p.body_material)
        )
    width, depth = p.width * (1 - p.overhang), p.depth * (1 - p.overhang)
    round_plan = p.plan in ("round", "oval", "superellipse")
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
    parts = [
        Part("apron", box((-x, low, end - thick / 2), (x, under, end + thick / 2)), p.body_material)
        for end in (-z, z)
    ]
    parts += [
        Part("apron", box((end - thick / 2, low, -z), (end + thick / 2, under, z)), p.body_material)
        for end in (-x, x)
    ]
    for i in range(p.drawers):
        each = 2 * x / p.drawers
        middle = -x + each * (i + 0.5)
        front = z + thick / 2
        parts.append(
            Part(
                "drawer",
                block(each * 0.88, height * 0.8, 0.016, middle, low + height * 0.1, front),
                p.top_material,
            )
        )
        parts.append(
            Part(
                "handle",
                block(min(0.12, 0.3 * each), 0.014, 0.03, middle, low + height * 0.5, front + 0.015),
                p.handle_material,
            )
        )
    return parts


def _shelf(p: Table, width: float, depth: float, round_plan: bool) -> list[Part]:
    y = p.shelf * p.height
    spread = 1 - p.support.inset
    if p.support.kind == "legs":
        spread *= 1 + p.support.splay * (1 - p.shelf)
    reach = 0.86 if round_plan or p.support.legs not in (4, 6) else 0.98
    plan = outline(
        "oval" if round_plan else "rectangle", width * spread * reach, depth * spread * reach, p.corner
    )
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
                parts.append(
                    Part(
                        "drawer",
                        block(body * 0.92, each * 0.86, 0.02, side * x, y + each * 0.07, depth * 0.45),
                        p.top_material,
                    )
                )
                parts.append(
                    Part(
                        "handle",
                        block(body * 0.35, 0.014, 0.03, side * x, y + each * 0.6, depth * 0.45 + 0.02),
                        p.handle_material,
                    )
                )
    if p.modesty:
        parts.append(
            Part(
                "panel",
                block(width * 0.94, under * 0.6, 0.018, y=under * 0.4, z=-depth * 0.42),
                p.body_material,
            )
        )
    if p.hutch > 0:
        back = block(p.width * 0.98, p.hutch, 0.018, y=p.height - 0.002, z=-p.depth / 2 + 0.012)
        parts.append(Part("hutch", back, p.body_material))
        if p.hutch > 0.25:
            board = block(p.width * 0.98, 0.02, 0.2, y=p.height + p.hutch - 0.02, z=-p.depth / 2 + 0.1)
            parts.append(Part("hutch", board, p.top_material))
            end = box(
                (p.width * 0.47, p.height - 0.002, -p.depth / 2),
                (p.width * 0.49, p.height + p.hutch, -p.depth / 2 + 0.2),
            )
            parts += [Part("hutch", end, p.top_material), Part("hutch", end.mirrored(), p.top_material)]
    if p.leaf and p.plan == "round":
        parts.append(Part("vase", cylinder((0, p.height, 0), 0.05, 0.16, 12, 0.03), p.handle_material))
    return parts
