"""Solid voxelization: cells touched by triangles, and cells inside by the parity of rays along three axes.

Everything is kept as bits along z, 32 cells a word, in four fields indexed (mesh, x, y, word) with one slot more
than cells along each axis. One field holds the cells that the surface touches. The three others hold, for the rays
through the cells' centres along x, y and z, a flipped bit at the first cell centre behind each crossing: a running
exclusive-or along the ray then says inside or outside, for 32 rays at once where the ray does not run along z.
A ray that ends inside has met a hole and does not vote; the others decide by majority.

On a CPU each item owns a share of the layers and walks all faces; on CUDA there is an item a face.
"""

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import even_pieces, launch

wp.set_module_options({"max_unroll": 3})


@wp.func
def _word(mesh: int, x: int, y: int, word: int, slots: int, words: int):
    return ((mesh * slots + x) * slots + y) * words + word


@wp.func
def _bit(z: int):
    return wp.uint32(1) << wp.uint32(z & 31)


@wp.func
def _sides(p: wp.vec2, q: wp.vec2, r: wp.vec2, sign: float):
    """Edges of a projected triangle as rows (u, v, offset): u i + v j + offset >= 0 for each edge is needed for the
    unit square from (i, j) to touch it."""
    u = wp.vec3(p[1] - q[1], q[1] - r[1], r[1] - p[1]) * sign
    v = wp.vec3(q[0] - p[0], r[0] - q[0], p[0] - r[0]) * sign
    reach = wp.max(u, wp.vec3(0.0)) + wp.max(v, wp.vec3(0.0))
    at = wp.cw_mul(u, wp.vec3(p[0], q[0], r[0])) + wp.cw_mul(v, wp.vec3(p[1], q[1], r[1]))
    return wp.matrix_from_rows(u, v, reach - at)


@wp.func
def _touches(sides: wp.mat33, i: int, j: int):
    value = sides[0] * float(i) + sides[1] * float(j) + sides[2]
    return wp.min(value) >= 0.0


@wp.func
def _is_mine(layer: int, owners: int, item: int):
    return owners == 0 or (layer >> 3) % owners == item


@wp.func
def _is_all_others(first: int, last: int, owners: int, item: int):
    """Whether layers within one block of 8 are another owner's (or there are none)."""
    return first > last or ((first >> 3) == (last >> 3) and not _is_mine(first, owners, item))


@wp.func
def _mark_surface(
    a: wp.vec3,
    b: wp.vec3,
    c: wp.vec3,
    mesh: int,
    n: int,
    words: int,
    owners: int,
    item: int,
    surface: wp.array(dtype=wp.uint32),
):
    low = wp.min(wp.min(a, b), c)
    high = wp.max(wp.max(a, b), c)
    top = float(n)
    x0 = wp.max(int(wp.ceil(wp.clamp(low[0], 0.0, top + 2.0))) - 1, 0)
    x1 = wp.min(int(wp.floor(wp.clamp(high[0], -1.0, top))), n - 1)
    if _is_all_others(x0, x1, owners, item):
        return
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
        if _is_mine(x, owners, item):
            for y in range(y0, y1 + 1):
                if _touches(xy, x, y):
                    across = normal[0] * float(x) + normal[1] * float(y)
                    for z in range(z0, z1 + 1):
                        height = across + normal[2] * float(z)
                        if height + least <= 0.0 and height + most >= 0.0:
                            if _touches(xz, x, z) and _touches(yz, y, z):
                                at = _word(mesh, x, y, z >> 5, n + 1, words)
                                wp.atomic_or(surface, at, _bit(z))


@wp.func
def _crossing(p: wp.vec3, q: wp.vec3, v: float):
    """u at which the edge from p to q crosses the line at v: the same bits for either direction of the edge."""
    low = p
    high = q
    if p[1] > q[1]:
        low = q
        high = p
    return low[0] + (v - low[1]) / (high[1] - low[1]) * (high[0] - low[0])


@wp.func
def _flip_rays(
    a: wp.vec3,
    b: wp.vec3,
    c: wp.vec3,
    axis: int,
    mesh: int,
    n: int,
    words: int,
    owners: int,
    item: int,
    flips: wp.array(dtype=wp.uint32),
):
    """Flip the bits behind a triangle, its corners given as (u, v, w), w along the rays and v the owned layer."""
    low = wp.min(wp.min(a, b), c)
    high = wp.max(wp.max(a, b), c)
    v0 = int(wp.ceil(wp.clamp(low[1] - 0.5, 0.0, float(n))))
    v1 = int(wp.floor(wp.clamp(high[1] - 0.5, -1.0, float(n - 1))))
    if _is_all_others(v0, v1, owners, item):
        return
    normal = wp.cross(b - a, c - a)
    for layer in range(v0, v1 + 1):
        if _is_mine(layer, owners, item):
            v = float(layer) + 0.5
            first = float(wp.inf)
            last = float(-wp.inf)
            if (a[1] > v) != (b[1] > v):
                u = _crossing(a, b, v)
                first = wp.min(first, u)
                last = wp.max(last, u)
            if (b[1] > v) != (c[1] > v):
                u = _crossing(b, c, v)
                first = wp.min(first, u)
                last = wp.max(last, u)
            if (c[1] > v) != (a[1] > v):
                u = _crossing(c, a, v)
                first = wp.min(first, u)
                last = wp.max(last, u)
            u0 = int(wp.ceil(wp.clamp(first - 0.5, 0.0, float(n))))
            u1 = int(wp.ceil(wp.clamp(last - 0.5, 0.0, float(n))))
            for column in range(u0, u1):
                w = a[2]
                if normal[2] != 0.0:
                    slope = (float(column) + 0.5 - a[0]) * normal[0] + (v - a[1]) * normal[1]
                    w = a[2] - slope / normal[2]
                w = wp.clamp(w, low[2], high[2])
                depth = int(wp.ceil(wp.clamp(w - 0.5, 0.0, float(n))))
                if axis == 0:
                    at = _word(mesh, depth, layer, column >> 5, n + 1, words)
                    wp.atomic_xor(flips, at, _bit(column))
                elif axis == 1:
                    at = _word(mesh, layer, depth, column >> 5, n + 1, words)
                    wp.atomic_xor(flips, at, _bit(column))
                else:
                    at = _word(mesh, layer, column, depth >> 5, n + 1, words)
                    wp.atomic_xor(flips, at, _bit(depth))


@wp.kernel(enable_backward=False)
def _mark(
    start: int,
    owners: int,
    n: int,
    words: int,
    fill: int,
    corners: wp.array2d(dtype=wp.vec3),
    mesh_of_face: wp.array(dtype=wp.int64),
    surface: wp.array(dtype=wp.uint32),
    flips_x: wp.array(dtype=wp.uint32),
    flips_y: wp.array(dtype=wp.uint32),
    flips_z: wp.array(dtype=wp.uint32),
):
    item = start + wp.tid()
    begin, end = item, item + 1
    if owners > 0:
        begin, end = 0, corners.shape[0]
    for face in range(begin, end):
        a, b, c = corners[face, 0], corners[face, 1], corners[face, 2]
        mesh = int(mesh_of_face[face])
        if wp.isfinite(wp.dot(a, a) + wp.dot(b, b) + wp.dot(c, c)):
            _mark_surface(a, b, c, mesh, n, words, owners, item, surface)
            if fill != 0:
                _flip_rays(
                    wp.vec3(a[2], a[1], a[0]),
                    wp.vec3(b[2], b[1], b[0]),
                    wp.vec3(c[2], c[1], c[0]),
                    0,
                    mesh,
                    n,
                    words,
                    owners,
                    item,
                    flips_x,
                )
                _flip_rays(
                    wp.vec3(a[2], a[0], a[1]),
                    wp.vec3(b[2], b[0], b[1]),
                    wp.vec3(c[2], c[0], c[1]),
                    1,
                    mesh,
                    n,
                    words,
                    owners,
                    item,
                    flips_y,
                )
                _flip_rays(
                    wp.vec3(a[1], a[0], a[2]),
                    wp.vec3(b[1], b[0], b[2]),
                    wp.vec3(c[1], c[0], c[2]),
                    2,
                    mesh,
                    n,
                    words,
                    owners,
                    item,
                    flips_z,
                )


@wp.kernel(enable_backward=False)
def _scan(
    start: int,
    slots: int,
    words: int,
    flips_x: wp.array(dtype=wp.uint32),
    flips_y: wp.array(dtype=wp.uint32),
):
    """Running exclusive-or along the rays in x and y."""
    item = start + wp.tid()
    word = item % words
    layer = (item // words) % slots
    mesh = item // (words * slots)
    inside_x = wp.uint32(0)
    inside_y = wp.uint32(0)
    for k in range(slots):
        at_x = _word(mesh, k, layer, word, slots, words)
        inside_x = inside_x ^ flips_x[at_x]
        flips_x[at_x] = inside_x
        at_y = _word(mesh, layer, k, word, slots, words)
        inside_y = inside_y ^ flips_y[at_y]
        flips_y[at_y] = inside_y


@wp.func
def _running_xor(bits: wp.uint32):
    bits = bits ^ (bits << wp.uint32(1))
    bits = bits ^ (bits << wp.uint32(2))
    bits = bits ^ (bits << wp.uint32(4))
    bits = bits ^ (bits << wp.uint32(8))
    return bits ^ (bits << wp.uint32(16))


@wp.func
def _majority(x: wp.uint32, y: wp.uint32, z: wp.uint32):
    return (x & y) | (x & z) | (y & z)


@wp.kernel(enable_backward=False)
def _fill(
    start: int,
    n: int,
    words: int,
    surface: wp.array(dtype=wp.uint32),
    inside_x: wp.array(dtype=wp.uint32),
    inside_y: wp.array(dtype=wp.uint32),
    flips_z: wp.array(dtype=wp.uint32),
    solid: wp.array2d(dtype=wp.uint8),
):
    row = start + wp.tid()
    y = row % n
    x = (row // n) % n
    mesh = row // (n * n)
    slots = n + 1
    base = _word(mesh, x, y, 0, slots, words)
    total = wp.uint32(0)
    for word in range(words):
        total = total ^ flips_z[base + word]
    # The last bit of the running exclusive-or over a whole ray: set when the ray ends inside.
    vote_z = (_running_xor(total) >> wp.uint32(31)) - wp.uint32(1)
    carry = wp.uint32(0)
    for word in range(words):
        ray_x = inside_x[base + word]
        ray_y = inside_y[base + word]
        ray_z = _running_xor(flips_z[base + word]) ^ (wp.uint32(0) - carry)
        carry = ray_z >> wp.uint32(31)
        vote_x = ~inside_x[_word(mesh, n, y, word, slots, words)]
        vote_y = ~inside_y[_word(mesh, x, n, word, slots, words)]
        in_x, in_y, in_z = ray_x & vote_x, ray_y & vote_y, ray_z & vote_z
        out_x, out_y, out_z = ~ray_x & vote_x, ~ray_y & vote_y, ~ray_z & vote_z
        # A tie, one against one, counts as inside: a missing face hides cells, but invents none on a convex shape.
        inside = _majority(in_x, in_y, in_z) | ((in_x | in_y | in_z) & ~_majority(out_x, out_y, out_z))
        bits = inside | surface[base + word]
        z0 = 32 * word
        if bits != wp.uint32(0):
            for k in range(wp.min(32, n - z0)):
                solid[row, z0 + k] = wp.uint8((bits >> wp.uint32(k)) & wp.uint32(1))


def solid_cells(corners: Tensor, mesh_of_face: Tensor, meshes: int, n: int, fill: bool) -> Tensor:
    """Cells that faces touch or enclose.

    Args:
        corners: (F, 3, 3) float32 corners of the faces in cells: cell i spans [i, i + 1] along each axis.
        mesh_of_face: (F,) int64 mesh of every face.
        meshes: number of meshes.
        n: cells along each axis.
        fill: whether enclosed cells count.

    Returns:
        (meshes, n, n, n) bool, indexed (mesh, x, y, z).
    """
    device = corners.device
    words = (n + 1 + 31) // 32
    fields = torch.zeros((4, meshes * (n + 1) * (n + 1) * words), dtype=torch.uint32, device=device)
    surface, flips_x, flips_y, flips_z = fields.unbind(0)
    owners = 0 if device.type == "cuda" else torch.get_num_threads()
    items = owners or len(corners)
    faces = [corners.contiguous(), mesh_of_face.contiguous()]
    if len(corners):
        inputs = [owners, n, words, int(fill), *faces, surface, flips_x, flips_y, flips_z]
        launch(_mark, items, inputs, device, even_pieces(items))
    launch(_scan, meshes * (n + 1) * words, [n + 1, words, flips_x, flips_y], device)
    solid = torch.zeros((meshes * n * n, n), dtype=torch.uint8, device=device)
    launch(_fill, len(solid), [n, words, surface, flips_x, flips_y, flips_z, solid], device)
    return solid.view(torch.bool).view(meshes, n, n, n)
