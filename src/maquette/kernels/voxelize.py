"""Solid voxelization: cells touched by triangles, exactly, cells inside of parts, and cells shut in by both.

A triangle touches the cells whose inside it meets, so that a surface has one layer where it runs along walls between
cells. One that lies in such a wall meets the inside of none: it counts for the cell of the two that parts enclose, or
else, where nothing else touches either, for the further one.

Solid cells are kept as bits along z, 32 cells a word, in a field indexed (mesh, x, y, word).
"""

from typing import NamedTuple

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import even_pieces, launch
from maquette.kernels.voxel_cavities import fill_cavities
from maquette.kernels.voxel_parts import Parts, fill_parts
from maquette.kernels.voxel_rays import bit

_LEAST = 1 << 18  # bytes of bits for which a second thread is worth its waking
wp.set_module_options({"max_unroll": 3})
_LOWEST = wp.constant(wp.uint64(0x0101010101010101))  # bit of every byte
_ALL_BUT_HIGHEST = wp.constant(wp.uint64(0x7F7F7F7F7F7F7F7F))
_DIAGONAL = wp.constant(wp.uint64(0x8040201008040201))  # bit k of byte k


@wp.func
def _sides(p: wp.vec2, q: wp.vec2, r: wp.vec2, sign: float) -> wp.mat33:
    """Edges of a projected triangle as rows (u, v, offset): u i + v j + offset > 0 for each edge is needed for it to
    meet the inside of the unit square from (i, j)."""
    u = wp.vec3(p[1] - q[1], q[1] - r[1], r[1] - p[1]) * sign
    v = wp.vec3(q[0] - p[0], r[0] - q[0], p[0] - r[0]) * sign
    reach = wp.max(u, wp.vec3(0.0)) + wp.max(v, wp.vec3(0.0))
    for k in range(3):
        if u[k] == 0.0 and v[k] == 0.0:
            reach[k] = 1.0  # an edge seen end on keeps nothing out
    at = wp.cw_mul(u, wp.vec3(p[0], q[0], r[0])) + wp.cw_mul(v, wp.vec3(p[1], q[1], r[1]))
    return wp.matrix_from_rows(u, v, reach - at)


@wp.func
def _touches(sides: wp.mat33, i: int, j: int) -> bool:
    value = sides[0] * float(i) + sides[1] * float(j) + sides[2]
    return wp.min(value) > 0.0


@wp.func
def _first(low: float, n: int) -> int:
    """The first cell whose inside a range that begins at `low` can meet."""
    return int(wp.floor(wp.clamp(low, 0.0, float(n))))


@wp.func
def _last(high: float, n: int) -> int:
    """The last cell whose inside a range that ends at `high` can meet."""
    return int(wp.ceil(wp.clamp(high, 0.0, float(n)))) - 1


@wp.func
def _is_wall(low: float, high: float, n: int) -> bool:
    return low == high and low == wp.floor(low) and low >= 0.0 and low <= float(n)


@wp.func
def _mark_surface(
    a: wp.vec3,
    b: wp.vec3,
    c: wp.vec3,
    mesh: int,
    n: int,
    words: int,
    solid: wp.array(dtype=wp.uint32),
) -> None:
    low = wp.min(wp.min(a, b), c)
    high = wp.max(wp.max(a, b), c)
    x0, x1 = _first(low[0], n), _last(high[0], n)
    y0, y1 = _first(low[1], n), _last(high[1], n)
    z0, z1 = _first(low[2], n), _last(high[2], n)
    normal = wp.cross(b - a, c - a)
    xy = _sides(
        wp.vec2(a[0], a[1]), wp.vec2(b[0], b[1]), wp.vec2(c[0], c[1]), wp.where(normal[2] < 0.0, -1.0, 1.0)
    )
    xz = _sides(
        wp.vec2(a[0], a[2]), wp.vec2(b[0], b[2]), wp.vec2(c[0], c[2]), wp.where(normal[1] > 0.0, -1.0, 1.0)
    )
    yz = _sides(
        wp.vec2(a[1], a[2]), wp.vec2(b[1], b[2]), wp.vec2(c[1], c[2]), wp.where(normal[0] < 0.0, -1.0, 1.0)
    )
    zero = wp.vec3(0.0)
    least = float(wp.dot(wp.min(normal, zero), wp.vec3(1.0)) - wp.dot(normal, a))
    most = float(wp.dot(wp.max(normal, zero), wp.vec3(1.0)) - wp.dot(normal, a))
    if wp.dot(normal, normal) == 0.0:
        least, most = float(-1.0), float(1.0)
    for x in range(x0, x1 + 1):
        for y in range(y0, y1 + 1):
            if _touches(xy, x, y):
                across = normal[0] * float(x) + normal[1] * float(y)
                for z in range(z0, z1 + 1):
                    height = across + normal[2] * float(z)
                    if height + least < 0.0 and height + most > 0.0:
                        at = ((mesh * n + x) * n + y) * words + (z >> 5)
                        if (solid[at] & bit(z)) == wp.uint32(0):
                            if _touches(xz, x, z) and _touches(yz, y, z):
                                wp.atomic_or(solid, at, bit(z))


@wp.func
def _is_finite(a: wp.vec3, b: wp.vec3, c: wp.vec3) -> bool:
    return wp.isfinite(wp.dot(a, a) + wp.dot(b, b) + wp.dot(c, c))


@wp.kernel(enable_backward=False)
def _touch(
    start: int,
    n: int,
    words: int,
    corners: wp.array2d(dtype=wp.vec3),
    mesh_of_face: wp.array(dtype=wp.int64),
    solid: wp.array(dtype=wp.uint32),
    in_walls: wp.array(dtype=int),
) -> None:
    face = start + wp.tid()
    a, b, c = corners[face, 0], corners[face, 1], corners[face, 2]
    if _is_finite(a, b, c):
        _mark_surface(a, b, c, int(mesh_of_face[face]), n, words, solid)
        low = wp.min(wp.min(a, b), c)
        high = wp.max(wp.max(a, b), c)
        for axis in range(3):
            if _is_wall(low[axis], high[axis], n):
                in_walls[0] = 1


@wp.func
def _cell(axis: int, k: int, i: int, j: int) -> wp.vec3i:
    """The cell k along an axis, and i and j along the two after it."""
    if axis == 0:
        return wp.vec3i(k, i, j)
    if axis == 1:
        return wp.vec3i(j, k, i)
    return wp.vec3i(i, j, k)


@wp.func
def _word(cell: wp.vec3i, mesh: int, n: int, words: int) -> int:
    return ((mesh * n + cell[0]) * n + cell[1]) * words + (cell[2] >> 5)


@wp.func
def _holds(field: wp.array(dtype=wp.uint32), cell: wp.vec3i, mesh: int, n: int, words: int) -> bool:
    return (field[_word(cell, mesh, n, words)] & bit(cell[2])) != wp.uint32(0)


@wp.kernel(enable_backward=False)
def _mark_walls(
    start: int,
    n: int,
    words: int,
    corners: wp.array2d(dtype=wp.vec3),
    mesh_of_face: wp.array(dtype=wp.int64),
    touched: wp.array(dtype=wp.uint32),
    inside: wp.array(dtype=wp.uint32),
    marks: wp.array(dtype=wp.uint32),
) -> None:
    """One face and axis: where the face lies in a wall across the axis, the cells on one side."""
    item = start + wp.tid()
    face = item // 3
    axis = item % 3
    a, b, c = corners[face, 0], corners[face, 1], corners[face, 2]
    mesh = int(mesh_of_face[face])
    low = wp.min(wp.min(a, b), c)
    high = wp.max(wp.max(a, b), c)
    if not (_is_finite(a, b, c) and _is_wall(low[axis], high[axis], n)):
        return
    u = (axis + 1) % 3
    v = (axis + 2) % 3
    p, q, r = wp.vec2(a[u], a[v]), wp.vec2(b[u], b[v]), wp.vec2(c[u], c[v])
    area = (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
    sides = _sides(p, q, r, wp.where(area < 0.0, -1.0, 1.0))
    k = int(low[axis])
    for i in range(_first(low[u], n), _last(high[u], n) + 1):
        for j in range(_first(low[v], n), _last(high[v], n) + 1):
            if _touches(sides, i, j):
                before = _cell(axis, wp.max(k - 1, 0), i, j)
                behind = _cell(axis, wp.min(k, n - 1), i, j)
                cell = behind
                if _holds(inside, before, mesh, n, words):
                    cell = before
                free = not (
                    _holds(touched, before, mesh, n, words) or _holds(touched, behind, mesh, n, words)
                )
                if free or _holds(inside, cell, mesh, n, words):
                    wp.atomic_or(marks, _word(cell, mesh, n, words), bit(cell[2]))


@wp.kernel(enable_backward=False)
def _unpack(start: int, bits: wp.array(dtype=wp.uint8), solid: wp.array(dtype=wp.uint64)) -> None:
    """Eight bits to eight bytes of 0 or 1: a copy for each, one bit of it kept and moved to the lowest place."""
    at = start + wp.tid()
    chosen = (wp.uint64(bits[at]) * _LOWEST) & _DIAGONAL
    solid[at] = ((chosen + _ALL_BUT_HIGHEST) >> wp.uint64(7)) & _LOWEST


class Touched(NamedTuple):
    """Cells that faces touch, and the faces.

    Attributes:
        bits: (meshes * n * n * words,) uint32, indexed (mesh, x, y, word).
        in_walls: (1,) int32: 1 where a face lies in a wall between cells, and so touches none yet.
        corners, mesh_of_face: the faces.
    """

    bits: Tensor
    in_walls: Tensor
    corners: Tensor
    mesh_of_face: Tensor


def touched_cells(corners: Tensor, mesh_of_face: Tensor, meshes: int, n: int) -> Touched:
    """Cells that faces touch; on a CPU one thread sets their bits, so that they can be set `beside` other work.

    Args:
        corners: (F, 3, 3) float32 corners of the faces in cells: cell i spans [i, i + 1] along each axis.
        mesh_of_face: (F,) int64 mesh of every face.
        meshes: number of meshes.
        n: cells along each axis.
    """
    faces, words, device = len(corners), (n + 31) // 32, corners.device
    bits = torch.zeros(meshes * n * n * words, dtype=torch.uint32, device=device)
    in_walls = torch.zeros(1, dtype=torch.int32, device=device)
    touched = Touched(bits, in_walls, corners.contiguous(), mesh_of_face.contiguous())
    launch(_touch, faces, [n, words, *touched[2:], bits, in_walls], device, [(0, faces)])
    return touched


def _with_walls(touched: Touched, inside: Tensor, n: int, words: int) -> Tensor:
    """The bits of touched cells, and of one cell beside each piece of a wall that a face lies in."""
    marks, faces = torch.zeros_like(inside), len(touched.corners)
    inputs = [n, words, touched.corners, touched.mesh_of_face, touched.bits, inside, marks]
    launch(_mark_walls, 3 * faces, inputs, inside.device, [(0, 3 * faces)])
    return _either(touched.bits, marks)


def _either(a: Tensor, b: Tensor) -> Tensor:
    return (a.view(torch.int32) | b.view(torch.int32)).view(torch.uint32)


def solid_cells(
    touched: Touched, meshes: int, n: int, parts: Parts | None = None, fill: bool = True
) -> Tensor:
    """Cells that faces touch, that parts enclose, or that both shut in.

    Args:
        touched: of `touched_cells`; its bits are changed in place.
        meshes: number of meshes.
        n: cells along each axis.
        parts: what encloses cells; None for the surface alone.
        fill: whether enclosed cells are solid; otherwise parts only tell on which side of a wall a face counts.

    Returns:
        (meshes, n, n, n) bool, indexed (mesh, x, y, z).
    """
    bits, words, device = touched.bits, (n + 31) // 32, touched.bits.device
    in_walls = bool(touched.in_walls)
    inside = torch.zeros_like(bits) if in_walls else bits
    if parts is not None and len(parts.corners) and (fill or in_walls):
        fill_parts(parts, n, words, inside)
    if in_walls:
        bits = _with_walls(touched, inside, n, words)
        bits = _either(bits, inside) if fill else bits
    if parts is not None and fill and len(bits):
        fill_cavities(bits, n)
    solid = torch.empty(4 * len(bits), dtype=torch.uint64, device=device)
    launch(_unpack, len(solid), [bits.view(torch.uint8), solid], device, even_pieces(len(solid), _LEAST))
    return solid.view(torch.bool).view(meshes, n, n, 32 * words)[..., :n].contiguous()
