"""Shelves: bookcases, cubes, ladders, open racks, stairs of cells."""

from itertools import product

import numpy as np

from .materials import Material, like, material
from .parameters import about, one_of, parameters, within
from .part import Part, between, chance, pick
from .solids import Solid, bar, block, box, leg


@parameters
class Shelf:
    """Parameters of a shelf."""

    kind: str = one_of("case", "cubes", "rack", "ladder", "stairs", "zigzag", "tree")
    width: float = within(0.35, 2.0, "along x, metres")
    depth: float = within(0.2, 0.5, "along z, metres")
    height: float = within(0.56, 2.2, "metres")
    rows: int = within(2, 6, "boards or rows of cells")
    columns: int = within(1, 5, "of cells")
    board: float = within(0.012, 0.045, "thickness, metres")
    back: bool = about("whether a case has a back")
    post: float = within(0.02, 0.05, "thickness of a rack's posts, metres")
    braces: bool = about("whether a rack has crossed braces behind")
    foot: float = within(0.04, 0.18, "free height below the lowest board, metres", none=0)
    missing: float = within(0.1, 0.6, "chance that an upright between two cells is left out", none=0)
    doors: float = within(0.1, 0.4, "chance that a cell is closed in front", none=0)
    things: float = within(0.1, 0.5, "chance that books or boxes stand in a cell", none=0)
    seed: int = about("of what is drawn for each cell")
    mirrored: bool = about("whether an uneven shelf rises to the left")
    board_material: Material
    frame_material: Material
    door_material: Material
    thing_materials: tuple[Material, ...] = about("of books and boxes")


_KINDS = ("case", "case", "case", "cubes", "cubes", "rack", "rack", "ladder", "stairs", "zigzag", "tree")


def draw(rng: np.random.Generator) -> Shelf:
    """Draw the parameters."""
    kind = pick(rng, *_KINDS)
    board = material(rng, "wood", "wood", "wood", "paint")
    rows = int(rng.integers(3, 7)) if kind != "cubes" else int(rng.integers(2, 6))
    columns = pick(rng, 1, 1, 1, 2, 3) if kind == "case" else int(rng.integers(2, 6))
    cell = between(rng, 0.28, 0.42)
    width, height = between(rng, 0.4, 1.2) * (1 + 0.3 * (columns - 1)), between(rng, 0.7, 2.2)
    if kind in ("cubes", "stairs"):
        width, height = cell * columns, cell * rows
    elif kind in ("ladder", "tree"):
        width, height = between(rng, 0.35, 0.8), between(rng, 1.2, 2.1)
    return Shelf(
        kind=kind,
        width=min(width, 2.0),
        depth=between(rng, 0.2, 0.5) if kind != "ladder" else between(rng, 0.32, 0.5),
        height=min(height, 2.2),
        rows=rows,
        columns=columns,
        board=between(rng, 0.012, 0.045),
        back=chance(rng, 0.5),
        post=between(rng, 0.02, 0.05),
        braces=chance(rng, 0.35),
        foot=between(rng, 0.04, 0.18) if chance(rng, 0.45) else 0.0,
        missing=between(rng, 0.1, 0.6) if chance(rng, 0.4) else 0.0,
        doors=between(rng, 0.1, 0.4) if chance(rng, 0.3) else 0.0,
        things=between(rng, 0.1, 0.5) if chance(rng, 0.35) else 0.0,
        seed=int(rng.integers(2**31)),
        mirrored=chance(rng, 0.5),
        board_material=board,
        frame_material=like(rng, board) if kind != "rack" or chance(rng, 0.4) else material(rng, "metal"),
        door_material=like(rng, board, 0.3) if chance(rng, 0.5) else material(rng, "paint", "wood"),
        thing_materials=tuple(material(rng, "paint", "fabric", "leather") for _ in range(4)),
    )


def build(params: Shelf) -> list[Part]:
    """Parts of a shelf, open towards +Z."""
    parts = _BUILDERS[params.kind](params)
    if params.mirrored and params.kind in ("stairs", "zigzag", "cubes", "tree"):
        parts = [part._replace(solid=part.solid.mirrored()) for part in parts]
    return parts


def _feet(p: Shelf) -> list[Part]:
    if p.foot == 0:
        return []
    spots = product((0.03 - p.width / 2, p.width / 2 - 0.03), (0.03 - p.depth / 2, p.depth / 2 - 0.03))
    feet = [leg((x, 0, z), (x, p.foot + 0.004, z), 0.03, 0.045) for x, z in spots]
    return [Part("foot", foot, p.frame_material) for foot in feet]


def _case(p: Shelf) -> list[Part]:
    rng = np.random.Generator(np.random.PCG64(p.seed))
    xs = np.linspace(-p.width / 2, p.width / 2, p.columns + 1)
    gaps = rng.uniform(0.75, 1.25, p.rows) if p.kind == "case" else np.ones(p.rows)
    ys = p.foot + np.concatenate([[0], np.cumsum(gaps / gaps.sum())]) * p.height
    z, t = p.depth / 2, p.board
    solids: list[Solid] = [box((xs[0] - t, y, -z), (xs[-1] + t, y + t, z)) for y in ys.tolist()]
    for i, x in enumerate(xs.tolist()):
        if i in (0, p.columns):
            solids.append(box((x - t / 2, p.foot, -z), (x + t / 2, ys[-1] + t / 2, z)))
            continue
        for low, high in zip(ys.tolist(), ys[1:].tolist(), strict=False):
            if rng.random() >= p.missing:
                solids.append(box((x - t / 2, low, -z), (x + t / 2, high + t / 2, z)))
    parts = [Part("board", solid, p.board_material) for solid in solids] + _feet(p)
    if p.back:
        parts.append(Part("back", box((xs[0], p.foot, -z), (xs[-1], ys[-1], -z + 0.012)), p.frame_material))
    for x0, x1 in zip(xs.tolist(), xs[1:].tolist(), strict=False):
        for y0, y1 in zip(ys.tolist(), ys[1:].tolist(), strict=False):
            parts += _filled(p, rng, (x0 + t / 2, y0 + t, x1 - t / 2, y1))
    return parts


def _filled(p: Shelf, rng: np.random.Generator, cell: tuple[float, float, float, float]) -> list[Part]:
    """What is in a cell: nothing, a door, a box or books."""
    left, low, right, high = cell
    z, draw, reach = p.depth / 2, rng.random(), 0.85 * p.depth
    if draw < p.doors:
        door = box((left, low - 0.01, z - 0.02), (right, high + 0.01, z - 0.002))
        knob = block(0.02, 0.02, 0.03, right - 0.05, (low + high) / 2, z)
        return [Part("door", door, p.door_material), Part("knob", knob, p.frame_material)]
    if draw > 1 - 0.5 * p.things:
        colour = p.thing_materials[int(rng.integers(4))]
        top = low + 0.75 * (high - low)
        crate = box((left + 0.02, low - 0.003, -z + 0.02), (right - 0.02, top, -z + reach))
        return [Part("box", crate, colour)]
    if draw > 1 - p.things:
        parts, at = [], left + 0.01
        for width in rng.uniform(0.02, 0.06, 8).tolist():
            if at + width > right:
                break
            tall = (high - low) * float(rng.uniform(0.55, 0.9))
            book = box((at, low - 0.003, -z + 0.02), (at + width - 0.002, low + tall, -z + 0.6 * reach))
            parts.append(Part("book", book, p.thing_materials[int(rng.integers(4))]))
            at += width
        return parts
    return []


def _boards(p: Shelf, xs: tuple[float, float], y: float, zs: tuple[float, float]) -> Part:
    return Part("board", box((xs[0], y, zs[0]), (xs[1], y + p.board, zs[1])), p.board_material)


def _rack(p: Shelf) -> list[Part]:
    x, z, low = p.width / 2, p.depth / 2, max(p.foot, 0.05)
    levels = np.linspace(low, p.height - 0.03, p.rows).tolist()
    parts = [_boards(p, (-x, x), y, (-z, z)) for y in levels]
    inner_x, inner_z = x - p.post / 2, z - p.post / 2
    for at_x, at_z in product((-inner_x, inner_x), (-inner_z, inner_z)):
        post = leg((at_x, 0, at_z), (at_x, p.height, at_z), p.post)
        parts.append(Part("post", post, p.frame_material))
    for end in (inner_x, -inner_x) if p.braces else ():
        brace = bar((end, levels[0], -inner_z), (-end, levels[-1], -inner_z), 0.5 * p.post)
        parts.append(Part("brace", brace, p.frame_material))
    return parts


def _ladder(p: Shelf) -> list[Part]:
    x, z = p.width / 2, p.depth / 2
    levels = np.linspace(0.12, 0.93, p.rows).tolist()
    parts = []
    for share in levels:
        front = z - share * (p.depth - 0.14)
        parts.append(_boards(p, (-x, x), share * p.height, (-z, front)))
    rail = leg((x, 0, z), (x, p.height, -z + 0.13), p.post)
    rear = leg((x, 0, -z + p.post / 2), (x, p.height, -z + p.post / 2), p.post)
    solids = [rail, rear] if not p.back else [rail]
    return parts + [Part("rail", solid, p.frame_material) for s in solids for solid in (s, s.mirrored())]


def _stairs(p: Shelf) -> list[Part]:
    z, t, cell = p.depth / 2, p.board, p.width / p.columns
    step = p.height / p.rows
    left = -p.width / 2
    tall = [max(1, round(p.rows * (p.columns - i) / p.columns)) for i in range(p.columns)]
    parts = []
    for row in range(p.rows + 1):
        reach = sum(count >= max(row, 1) for count in tall)
        parts.append(_boards(p, (left, left + reach * cell + t), p.foot + row * step, (-z, z)))
    for column in range(p.columns + 1):
        count = tall[max(column - 1, 0)]
        x = left + column * cell
        upright = box((x, p.foot, -z), (x + t, p.foot + count * step + t / 2, z))
        parts.append(Part("upright", upright, p.frame_material))
    return parts + _feet(p)


def _zigzag(p: Shelf) -> list[Part]:
    x, z, step = p.width / 2, p.depth / 2, p.height / p.rows
    parts = [_boards(p, (-x, x), row * step, (-z, z)) for row in range(p.rows + 1)]
    for row in range(p.rows):
        side = 0.55 if row % 2 else -0.55
        ends = (side * x, row * step, 0), (side * x * 1.3, (row + 1) * step + 0.004, 0)
        slanted = leg(*ends, (p.board, p.depth))
        parts.append(Part("upright", slanted, p.frame_material))
        if row % 2 == 0 and not p.back:
            upright = block(p.board, step + 0.004, p.depth, 0.8 * x, row * step)
            parts.append(Part("upright", upright, p.frame_material))
    return parts


def _tree(p: Shelf) -> list[Part]:
    x, z, step = p.width / 2, p.depth / 2, p.height / (p.rows + 1)
    parts = [
        Part("post", block(2 * p.post, p.height, p.board + 0.02, z=-z + p.post), p.frame_material),
        Part("foot", block(1.2 * x, 0.03, p.depth), p.frame_material),
    ]
    for row in range(1, p.rows + 1):
        side = 1 if row % 2 else -1
        reach = (-0.25 * x, x) if side > 0 else (-x, 0.25 * x)
        parts.append(_boards(p, reach, row * step, (-z, z)))
        end = side * x
        board = box((end - 0.01, row * step, -z), (end + 0.01, row * step + 0.45 * step, z))
        parts.append(Part("end", board, p.board_material))
    return parts


_BUILDERS = {
    "case": _case,
    "cubes": _case,
    "rack": _rack,
    "ladder": _ladder,
    "stairs": _stairs,
    "zigzag": _zigzag,
    "tree": _tree,
}
