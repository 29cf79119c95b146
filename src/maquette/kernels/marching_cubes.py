"""Marching cubes on one volume: cells are classified, counted row by row, and written row by row.

Every grid edge that the surface uses has one vertex, which belongs to the first cell, in the order of (z, y, x),
with a triangle on it. Vertices come in the order of those cells, and in one cell in the order in which its case
first mentions their edges. Each cell keeps one integer: bits 0-11 the edges in use, 12-16 the triangles kept,
17-24 the case.
"""

from functools import cache
from typing import NamedTuple

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import launch, on_compute_device
from maquette.kernels.marching_cubes_tables import CORNERS, EDGE_AXES, EDGES, TRIANGLES, earlier_cells

wp.set_module_options({"max_unroll": 1})

_NEAR = wp.constant(1e-5)  # values and positions closer than this count as equal


class _Tables(NamedTuple):
    """Lookup tables as int32 tensors, and what they hold.

    Where a cell lies is a number: 1 if it is the first along x, plus 2 if along y, plus 4 if along z.
    """

    triangles: Tensor  # (256, 16) edges of the triangles of a case, padded with -1
    cases: Tensor  # (256, 2) bits of the edges in use, number of triangles
    edges: Tensor  # (12, 4) corner an edge begins at, axis it runs along
    earlier: (
        Tensor  # (12, 12) up to three earlier cells at an edge: step in x, y, z, edge there; padded with -1
    )
    own: Tensor  # (8,) bits of the edges that no earlier cell shares, by where the cell lies
    order: Tensor  # (8, 256) int64: those of a case in the order of their first mention, each a digit e + 1 of 4 bits


@cache
def _tables(device: torch.device) -> _Tables:
    triangles = [row + [-1] * (16 - len(row)) for row in TRIANGLES]
    cases = [[sum(1 << e for e in set(row)), len(row) // 3] for row in TRIANGLES]
    edges = [[*CORNERS[begin], axis] for (begin, _), axis in zip(EDGES, EDGE_AXES, strict=True)]
    cells = [earlier_cells(e) for e in range(12)]
    earlier = [[number for cell in (found + [(0, 0, 0, -1)] * 3)[:3] for number in cell] for found in cells]
    own = [[e for e in range(12) if all(_outside(cell, place) for cell in cells[e])] for place in range(8)]
    order = [
        [
            sum((e + 1) << 4 * k for k, e in enumerate(e for e in dict.fromkeys(row) if e in mine))
            for row in TRIANGLES
        ]
        for mine in own
    ]
    own_bits = [sum(1 << e for e in mine) for mine in own]
    lists = (triangles, cases, edges, earlier, own_bits)
    first, second, third, fourth, fifth = (torch.tensor(x, dtype=torch.int32, device=device) for x in lists)
    return _Tables(first, second, third, fourth, fifth, torch.tensor(order, device=device))


def _outside(cell: tuple[int, int, int, int], place: int) -> bool:
    return any(step < 0 and place >> axis & 1 for axis, step in enumerate(cell[:3]))


@wp.func
def _column(volume: wp.array3d(dtype=float), level: float, tolerance: float, x: int, y: int, z: int) -> int:
    """Corners of a cell on its side towards smaller x: case bits, and bit 8 if one is nearly on the level."""
    a, b = volume[z, y, x], volume[z + 1, y, x]
    c, d = volume[z, y + 1, x], volume[z + 1, y + 1, x]
    bits = int(a < level) | (int(b < level) << 3) | (int(c < level) << 4) | (int(d < level) << 7)
    near = wp.min(wp.min(wp.abs(a - level), wp.abs(b - level)), wp.min(wp.abs(c - level), wp.abs(d - level)))
    return bits | (int(near < tolerance) << 8)


@wp.func
def _point(
    volume: wp.array3d(dtype=float),
    level: float,
    edges: wp.array2d(dtype=int),
    edge: int,
    x: int,
    y: int,
    z: int,
) -> wp.vec3:
    """Where the surface cuts an edge of the cell at (x, y, z), relative to the cell's first corner."""
    dx, dy, dz = edges[edge, 0], edges[edge, 1], edges[edge, 2]
    axis = edges[edge, 3]
    a = volume[z + dz, y + dy, x + dx]
    b = volume[z + dz + int(axis == 2), y + dy + int(axis == 1), x + dx + int(axis == 0)]
    share = (level - a) / (b - a)
    if wp.abs(level - a) < _NEAR:
        share = 0.0
    elif wp.abs(level - b) < _NEAR:
        share = 1.0
    elif wp.abs(a - b) < _NEAR:
        share = 0.0
    along_x = wp.where(axis == 0, share, 0.0)
    along_y = wp.where(axis == 1, share, 0.0)
    along_z = wp.where(axis == 2, share, 0.0)
    return wp.vec3(float(dx) + along_x, float(dy) + along_y, float(dz) + along_z)


@wp.func
def _same(p: wp.vec3, q: wp.vec3) -> bool:
    d = p - q
    return wp.max(wp.max(wp.abs(d[0]), wp.abs(d[1])), wp.abs(d[2])) < _NEAR


@wp.kernel(enable_backward=False)
def _classify(
    start: int,
    volume: wp.array3d(dtype=float),
    level: float,
    tolerance: float,
    triangles: wp.array2d(dtype=int),
    cases: wp.array2d(dtype=int),
    edges: wp.array2d(dtype=int),
    cells: wp.array3d(dtype=int),
    dropped: wp.array2d(dtype=int),
) -> None:
    row = start + wp.tid()
    y = row % cells.shape[1]
    z = row // cells.shape[1]
    any_dropped = int(0)
    left = _column(volume, level, tolerance, 0, y, z)
    for x in range(cells.shape[2]):
        right = _column(volume, level, tolerance, x + 1, y, z)
        # The corners towards larger x are the bits 1, 2, 5, 6 beside 0, 3, 4, 7.
        case = (left & 153) | ((right & 17) << 1) | ((right & 136) >> 1)
        near = (left | right) >> 8
        left = right
        used = cases[case, 0]
        count = cases[case, 1]
        kept = (1 << count) - 1
        if near != 0 and count > 0:
            # A corner nearly on the level may pull corners of a triangle together: drop such triangles.
            used = int(0)
            kept = int(0)
            for t in range(count):
                e0, e1, e2 = triangles[case, 3 * t], triangles[case, 3 * t + 1], triangles[case, 3 * t + 2]
                p0 = _point(volume, level, edges, e0, x, y, z)
                p1 = _point(volume, level, edges, e1, x, y, z)
                p2 = _point(volume, level, edges, e2, x, y, z)
                if _same(p0, p1) or _same(p1, p2) or _same(p2, p0):
                    any_dropped = int(1)
                else:
                    kept |= 1 << t
                    used |= (1 << e0) | (1 << e1) | (1 << e2)
        cells[z, y, x] = used | (kept << 12) | (case << 17)
    dropped[z, y] = any_dropped


@wp.func
def _any_dropped_before(dropped: wp.array2d(dtype=int), y: int, z: int) -> int:
    """Whether a triangle was dropped in a row that shares edges with row (z, y) and comes before or is it."""
    found = int(0)
    for dz in range(2):
        for dy in range(3):
            ny, nz = y + dy - 1, z - dz
            if ny >= 0 and nz >= 0 and ny < dropped.shape[1]:
                found |= dropped[nz, ny]
    return found


@wp.func
def _without_earlier(
    cells: wp.array3d(dtype=int), earlier: wp.array2d(dtype=int), used: int, x: int, y: int, z: int
) -> int:
    """The edges out of `used` on which no earlier cell has a triangle."""
    owned = int(0)
    for edge in range(12):
        if (used >> edge) & 1:
            first = int(1)
            for k in range(3):
                other = earlier[edge, 4 * k + 3]
                cx, cy, cz = (
                    x + earlier[edge, 4 * k],
                    y + earlier[edge, 4 * k + 1],
                    z + earlier[edge, 4 * k + 2],
                )
                if other >= 0 and cx >= 0 and cy >= 0 and cz >= 0:
                    if cx < cells.shape[2] and cy < cells.shape[1]:
                        if (cells[cz, cy, cx] >> other) & 1:
                            first = int(0)
            owned |= first << edge
    return owned


@wp.func
def _num_bits(mask: int) -> int:
    """Number of set bits among the lowest 16."""
    m = mask - ((mask >> 1) & 0x5555)
    m = (m & 0x3333) + ((m >> 2) & 0x3333)
    m = (m + (m >> 4)) & 0x0F0F
    return (m + (m >> 8)) & 31


@wp.kernel(enable_backward=False)
def _count(
    start: int,
    earlier: wp.array2d(dtype=int),
    own: wp.array(dtype=int),
    dropped: wp.array2d(dtype=int),
    cells: wp.array3d(dtype=int),
    owned: wp.array3d(dtype=wp.int16),
    counts: wp.array2d(dtype=wp.int64),
) -> None:
    row = start + wp.tid()
    y = row % cells.shape[1]
    z = row // cells.shape[1]
    verts = int(0)
    faces = int(0)
    check = _any_dropped_before(dropped, y, z)
    place = 2 * int(y == 0) + 4 * int(z == 0)
    for x in range(cells.shape[2]):
        cell = cells[z, y, x]
        mask = cell & 4095
        if check == 0:
            mask &= own[place + int(x == 0)]
        else:
            mask = _without_earlier(cells, earlier, mask, x, y, z)
        owned[z, y, x] = wp.int16(mask)
        verts += _num_bits(mask)
        faces += _num_bits((cell >> 12) & 31)
    counts[0, row] = wp.int64(verts)
    counts[1, row] = wp.int64(faces)


@wp.kernel(enable_backward=False)
def _write_verts(
    start: int,
    volume: wp.array3d(dtype=float),
    level: float,
    scale: wp.vec3,
    shift: float,
    edges: wp.array2d(dtype=int),
    order: wp.array2d(dtype=wp.int64),
    places: wp.array(dtype=int),
    dropped: wp.array2d(dtype=int),
    cells: wp.array3d(dtype=int),
    owned: wp.array3d(dtype=wp.int16),
    counts: wp.array2d(dtype=wp.int64),
    ends: wp.array2d(dtype=wp.int64),
    ids: wp.array(dtype=int),
    verts: wp.array2d(dtype=float),
) -> None:
    row = start + wp.tid()
    y = row % cells.shape[1]
    z = row // cells.shape[1]
    vert = int(ends[0, row] - counts[0, row])
    corner = (z * volume.shape[1] + y) * volume.shape[2]
    check = _any_dropped_before(dropped, y, z)
    place = 2 * int(y == 0) + 4 * int(z == 0)
    for x in range(cells.shape[2]):
        if owned[z, y, x] != wp.int16(0):
            left = int(owned[z, y, x])
            candidates = order[wp.where(check != 0, 7, place + int(x == 0)), cells[z, y, x] >> 17]
            while candidates != wp.int64(0):
                edge = int(candidates & wp.int64(15)) - 1
                candidates = candidates >> wp.int64(4)
                if (left >> edge) & 1:
                    point = _point(volume, level, edges, edge, x, y, z)
                    verts[vert, 0] = (point[0] + float(x)) * scale[0] + shift
                    verts[vert, 1] = (point[1] + float(y)) * scale[1] + shift
                    verts[vert, 2] = (point[2] + float(z)) * scale[2] + shift
                    ids[corner + x + places[edge]] = vert
                    vert += 1


@wp.kernel(enable_backward=False)
def _write_faces(
    start: int,
    corner_places: wp.array2d(dtype=int),
    cells: wp.array3d(dtype=int),
    counts: wp.array2d(dtype=wp.int64),
    ends: wp.array2d(dtype=wp.int64),
    ids: wp.array(dtype=int),
    faces: wp.array2d(dtype=wp.int64),
) -> None:
    row = start + wp.tid()
    y = row % cells.shape[1]
    z = row // cells.shape[1]
    face = int(ends[1, row] - counts[1, row])
    corner = (z * (cells.shape[1] + 1) + y) * (cells.shape[2] + 1)
    for x in range(cells.shape[2]):
        kept = (cells[z, y, x] >> 12) & 31
        case = cells[z, y, x] >> 17
        k = int(0)
        while kept != 0:
            if kept & 1:
                faces[face, 0] = wp.int64(ids[corner + x + corner_places[case, k]])
                faces[face, 1] = wp.int64(ids[corner + x + corner_places[case, k + 1]])
                faces[face, 2] = wp.int64(ids[corner + x + corner_places[case, k + 2]])
                face += 1
            kept = kept >> 1
            k += 3


def _edge_places(edges: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """Where the vertex of each edge of a cell is numbered in a table (3, D, H, W), from the cell's first corner."""
    depth, height, width = shape
    strides = edges.new_tensor([1, width, height * width, depth * height * width])
    return (edges * strides).sum(1).int()


@on_compute_device
def extract_surface(
    volume: Tensor, level: float, scale: tuple[float, float, float], shift: float
) -> tuple[Tensor, Tensor]:
    """Triangles of the surface where a volume takes the value `level`.

    Args:
        volume: (D, H, W) float32 values at grid points.
        level: values below it are one side, others the other.
        scale, shift: positions (x, y, z) in grid steps are multiplied by `scale`, then `shift` is added.

    Returns:
        vertices (V, 3) float32 as (x, y, z), faces (F, 3) int64. Triangles with two corners closer than 1e-5 of
        a grid step are left out.
    """
    device = volume.device
    depth, height, width = (int(s) for s in volume.shape)
    if min(depth, height, width) < 2:
        return volume.new_zeros(0, 3), torch.zeros(0, 3, dtype=torch.int64, device=device)
    volume = volume.contiguous()
    triangles, cases, edges, earlier, own, order = _tables(device)
    cells = torch.empty((depth - 1, height - 1, width - 1), dtype=torch.int32, device=device)
    owned = torch.empty(cells.shape, dtype=torch.int16, device=device)
    dropped = torch.empty(cells.shape[:2], dtype=torch.int32, device=device)
    rows = (depth - 1) * (height - 1)
    counts = torch.empty((2, rows), dtype=torch.int64, device=device)
    low, high = (float(bound) for bound in volume.aminmax())
    tolerance = 2 * 1e-5 * max(high - low, 1.0)
    launch(_classify, rows, [volume, level, tolerance, triangles, cases, edges, cells, dropped], device)
    launch(_count, rows, [earlier, own, dropped, cells, owned, counts], device)
    ends = counts.cumsum(1)
    num_verts, num_faces = ends[:, -1].tolist()
    verts = torch.empty((num_verts, 3), dtype=torch.float32, device=device)
    faces = torch.empty((num_faces, 3), dtype=torch.int64, device=device)
    if num_faces == 0:
        return verts, faces
    places = _edge_places(edges, (depth, height, width))
    ids = torch.empty(3 * volume.numel(), dtype=torch.int32, device=device)
    geometry = [volume, level, wp.vec3(*scale), shift, edges, order, places]
    launch(_write_verts, rows, [*geometry, dropped, cells, owned, counts, ends, ids, verts], device)
    corner_places = places[triangles.clamp(min=0).long()]
    launch(_write_faces, rows, [corner_places, cells, counts, ends, ids, faces], device)
    return verts, faces
