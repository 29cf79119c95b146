"""Solid voxelization: cells touched by triangles, exactly, cells inside of parts, and cells shut in by both.

Solid cells are kept as bits along z, 32 cells a word, in a field indexed (mesh, x, y, word).
"""

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
    """Edges of a projected triangle as rows (u, v, offset): u i + v j + offset >= 0 for each edge is needed for the
    unit square from (i, j) to touch it."""
    u = wp.vec3(p[1] - q[1], q[1] - r[1], r[1] - p[1]) * sign
    v = wp.vec3(q[0] - p[0], r[0] - q[0], p[0] - r[0]) * sign
    reach = wp.max(u, wp.vec3(0.0)) + wp.max(v, wp.vec3(0.0))
    at = wp.cw_mul(u, wp.vec3(p[0], q[0], r[0])) + wp.cw_mul(v, wp.vec3(p[1], q[1], r[1]))
    return wp.matrix_from_rows(u, v, reach - at)


@wp.func
def _touches(sides: wp.mat33, i: int, j: int) -> bool:
    value = sides[0] * float(i) + sides[1] * float(j) + sides[2]
    return wp.min(value) >= 0.0


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
    top = float(n)
    x0 = wp.max(int(wp.ceil(wp.clamp(low[0], 0.0, top + 2.0))) - 1, 0)
    x1 = wp.min(int(wp.floor(wp.clamp(high[0], -1.0, top))), n - 1)
    y0 = wp.max(int(wp.ceil(wp.clamp(low[1], 0.0, top + 2.0))) - 1, 0)
    y1 = wp.min(int(wp.floor(wp.clamp(high[1], -1.0, top))), n - 1)
    z0 = wp.max(int(wp.ceil(wp.clamp(low[2], 0.0, top + 2.0))) - 1, 0)
    z1 = wp.min(int(wp.floor(wp.clamp(high[2], -1.0, top))), n - 1)
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
    least = wp.dot(wp.min(normal, zero), wp.vec3(1.0)) - wp.dot(normal, a)
    most = wp.dot(wp.max(normal, zero), wp.vec3(1.0)) - wp.dot(normal, a)
    for x in range(x0, x1 + 1):
        for y in range(y0, y1 + 1):
            if _touches(xy, x, y):
                across = normal[0] * float(x) + normal[1] * float(y)
                for z in range(z0, z1 + 1):
                    height = across + normal[2] * float(z)
                    if height + least <= 0.0 and height + most >= 0.0:
                        at = ((mesh * n + x) * n + y) * words + (z >> 5)
                        if (solid[at] & bit(z)) == wp.uint32(0):
                            if _touches(xz, x, z) and _touches(yz, y, z):
                                wp.atomic_or(solid, at, bit(z))


@wp.kernel(enable_backward=False)
def _touch(
    start: int,
    n: int,
    words: int,
    corners: wp.array2d(dtype=wp.vec3),
    mesh_of_face: wp.array(dtype=wp.int64),
    solid: wp.array(dtype=wp.uint32),
) -> None:
    face = start + wp.tid()
    a, b, c = corners[face, 0], corners[face, 1], corners[face, 2]
    if wp.isfinite(wp.dot(a, a) + wp.dot(b, b) + wp.dot(c, c)):
        _mark_surface(a, b, c, int(mesh_of_face[face]), n, words, solid)


@wp.kernel(enable_backward=False)
def _unpack(start: int, bits: wp.array(dtype=wp.uint8), solid: wp.array(dtype=wp.uint64)) -> None:
    """Eight bits to eight bytes of 0 or 1: a copy for each, one bit of it kept and moved to the lowest place."""
    at = start + wp.tid()
    chosen = (wp.uint64(bits[at]) * _LOWEST) & _DIAGONAL
    solid[at] = ((chosen + _ALL_BUT_HIGHEST) >> wp.uint64(7)) & _LOWEST


def touched_cells(corners: Tensor, mesh_of_face: Tensor, meshes: int, n: int) -> Tensor:
    """Bits of the cells that faces touch; on a CPU one thread sets them, so that they can be set `beside` other work.

    Args:
        corners: (F, 3, 3) float32 corners of the faces in cells: cell i spans [i, i + 1] along each axis.
        mesh_of_face: (F,) int64 mesh of every face.
        meshes: number of meshes.
        n: cells along each axis.

    Returns:
        (meshes * n * n * words,) uint32, indexed (mesh, x, y, word).
    """
    faces, words, device = len(corners), (n + 31) // 32, corners.device
    bits = torch.zeros(meshes * n * n * words, dtype=torch.uint32, device=device)
    inputs = [n, words, corners.contiguous(), mesh_of_face.contiguous(), bits]
    launch(_touch, faces, inputs, device, [(0, faces)])
    return bits


def solid_cells(bits: Tensor, meshes: int, n: int, parts: Parts | None = None) -> Tensor:
    """Cells that are set already, that parts enclose, or that both shut in.

    Args:
        bits: those of `touched_cells`, changed in place.
        meshes: number of meshes.
        n: cells along each axis.
        parts: what encloses cells; None for the surface alone.

    Returns:
        (meshes, n, n, n) bool, indexed (mesh, x, y, z).
    """
    words, device = (n + 31) // 32, bits.device
    if parts is not None and len(parts.corners):
        fill_parts(parts, n, words, bits)
    if parts is not None and len(bits):
        fill_cavities(bits, n)
    solid = torch.empty(4 * len(bits), dtype=torch.uint64, device=device)
    launch(_unpack, len(solid), [bits.view(torch.uint8), solid], device, even_pieces(len(solid), _LEAST))
    return solid.view(torch.bool).view(meshes, n, n, 32 * words)[..., :n].contiguous()
