"""Rays through cell centres along the three axes, and the triangles of parts of meshes that they cross.

Every part has three fields of bits over its own bounding box, with one slot more than cells along each axis, 32
cells along z a word: for the rays through the cells' centres along x, y and z, a flipped bit at the first cell
centre behind each crossing. A running exclusive-or along the ray then says inside or outside, for 32 rays at once
where the ray does not run along z. A ray that ends inside has met a hole and does not vote.

Warp's atomic operations are not atomic on a CPU: each thread fills a copy of the fields, and the exclusive-or of
the copies is the field.
"""

import warp as wp

from maquette.kernels.scan_lines import span

wp.set_module_options({"max_unroll": 3})


@wp.struct
class SolidPart:
    """The box of cells around a part, and where its fields begin; a row of the table of parts."""

    mesh: int
    low: wp.vec2i
    size: wp.vec2i
    first_word: int
    words: int
    axes_needed: int
    base: int


@wp.func
def _part(table: wp.array2d(dtype=int), row: int) -> SolidPart:
    part = SolidPart()
    part.mesh = table[row, 0]
    part.low = wp.vec2i(table[row, 1], table[row, 2])
    part.size = wp.vec2i(table[row, 3], table[row, 4])
    part.first_word = table[row, 5]
    part.words = table[row, 6]
    part.axes_needed = table[row, 7]
    part.base = table[row, 8]
    return part


@wp.func
def _at(part: SolidPart, x: int, y: int, word: int) -> int:
    """Where the word of a cell or slot of the grid lies in the fields of parts."""
    row = (x - part.low[0]) * (part.size[1] + 1) + y - part.low[1]
    return part.base + row * part.words + word - part.first_word


@wp.func
def bit(z: int) -> wp.uint32:
    """The bit of a cell in its word."""
    return wp.uint32(1) << wp.uint32(z & 31)


@wp.func
def _flip_rays(
    a: wp.vec3,
    b: wp.vec3,
    c: wp.vec3,
    axis: int,
    part: SolidPart,
    n: int,
    copy: int,
    flips: wp.array2d(dtype=wp.uint32),
) -> None:
    """Flip the bits behind a triangle, its corners given as (u, v, w), w along the rays."""
    low = wp.min(wp.min(a, b), c)
    high = wp.max(wp.max(a, b), c)
    v0 = int(wp.ceil(wp.clamp(low[1] - 0.5, 0.0, float(n))))
    v1 = int(wp.floor(wp.clamp(high[1] - 0.5, -1.0, float(n - 1))))
    normal = wp.cross(b - a, c - a)
    for layer in range(v0, v1 + 1):
        v = float(layer) + 0.5
        ends = span(a, b, c, v)
        # a crossing may be rounded out of the triangle, and so out of the box of its part
        u0 = int(wp.ceil(wp.clamp(wp.clamp(ends[0], low[0], high[0]) - 0.5, 0.0, float(n))))
        u1 = int(wp.ceil(wp.clamp(wp.clamp(ends[1], low[0], high[0]) - 0.5, 0.0, float(n))))
        for column in range(u0, u1):
            w = a[2]
            if normal[2] != 0.0:
                slope = (float(column) + 0.5 - a[0]) * normal[0] + (v - a[1]) * normal[1]
                w = a[2] - slope / normal[2]
            w = wp.clamp(w, low[2], high[2])
            depth = int(wp.ceil(wp.clamp(w - 0.5, 0.0, float(n))))
            if axis == 0:
                wp.atomic_xor(flips, copy, _at(part, depth, layer, column >> 5), bit(column))
            elif axis == 1:
                wp.atomic_xor(flips, copy, _at(part, layer, depth, column >> 5), bit(column))
            else:
                wp.atomic_xor(flips, copy, _at(part, layer, column, depth >> 5), bit(depth))


@wp.kernel(enable_backward=False)
def cross(
    start: int,
    faces_each: int,
    n: int,
    corners: wp.array2d(dtype=wp.vec3),
    part_of_face: wp.array(dtype=wp.int64),
    first_part: int,
    table: wp.array2d(dtype=int),
    flips_x: wp.array2d(dtype=wp.uint32),
    flips_y: wp.array2d(dtype=wp.uint32),
    flips_z: wp.array2d(dtype=wp.uint32),
) -> None:
    """Flip the bits behind the crossings of a face with the rays along the three axes, in a copy of the fields."""
    face = start + wp.tid()
    copy = face // faces_each
    part = _part(table, int(part_of_face[face]) - first_part)
    a, b, c = corners[face, 0], corners[face, 1], corners[face, 2]
    a_x, b_x, c_x = wp.vec3(a[2], a[1], a[0]), wp.vec3(b[2], b[1], b[0]), wp.vec3(c[2], c[1], c[0])
    _flip_rays(a_x, b_x, c_x, 0, part, n, copy, flips_x)
    a_y, b_y, c_y = wp.vec3(a[2], a[0], a[1]), wp.vec3(b[2], b[0], b[1]), wp.vec3(c[2], c[0], c[1])
    _flip_rays(a_y, b_y, c_y, 1, part, n, copy, flips_y)
    a_z, b_z, c_z = wp.vec3(a[1], a[0], a[2]), wp.vec3(b[1], b[0], b[2]), wp.vec3(c[1], c[0], c[2])
    _flip_rays(a_z, b_z, c_z, 2, part, n, copy, flips_z)


@wp.kernel(enable_backward=False)
def scan(
    start: int,
    part_of_item: wp.array(dtype=int),
    first_item: wp.array(dtype=int),
    table: wp.array2d(dtype=int),
    flips_x: wp.array(dtype=wp.uint32),
    flips_y: wp.array(dtype=wp.uint32),
) -> None:
    """Running exclusive-or along the rays in x and y."""
    item = start + wp.tid()
    row = part_of_item[item]
    part = _part(table, row)
    local = item - first_item[row]
    word = part.first_word + local % part.words
    layer = local // part.words
    inside = wp.uint32(0)
    if layer < part.size[1]:
        for k in range(part.size[0] + 1):
            at = _at(part, part.low[0] + k, part.low[1] + layer, word)
            inside = inside ^ flips_x[at]
            flips_x[at] = inside
    inside = wp.uint32(0)
    if layer < part.size[0]:
        for k in range(part.size[1] + 1):
            at = _at(part, part.low[0] + layer, part.low[1] + k, word)
            inside = inside ^ flips_y[at]
            flips_y[at] = inside


@wp.func
def _running_xor(bits: wp.uint32) -> wp.uint32:
    bits = bits ^ (bits << wp.uint32(1))
    bits = bits ^ (bits << wp.uint32(2))
    bits = bits ^ (bits << wp.uint32(4))
    bits = bits ^ (bits << wp.uint32(8))
    return bits ^ (bits << wp.uint32(16))


@wp.func
def _fill_row(
    part: SolidPart,
    x: int,
    y: int,
    row: int,
    words: int,
    inside_x: wp.array(dtype=wp.uint32),
    inside_y: wp.array(dtype=wp.uint32),
    flips_z: wp.array(dtype=wp.uint32),
    solid: wp.array(dtype=wp.uint32),
) -> None:
    last = part.first_word + part.words
    total = wp.uint32(0)
    for word in range(part.first_word, last):
        total = total ^ flips_z[_at(part, x, y, word)]
    # The last bit of the running exclusive-or over a whole ray: set when the ray ends inside.
    vote_z = (_running_xor(total) >> wp.uint32(31)) - wp.uint32(1)
    carry = wp.uint32(0)
    for word in range(part.first_word, last):
        at = _at(part, x, y, word)
        ray_z = _running_xor(flips_z[at]) ^ (wp.uint32(0) - carry)
        carry = ray_z >> wp.uint32(31)
        in_x = inside_x[at] & ~inside_x[_at(part, part.low[0] + part.size[0], y, word)]
        in_y = inside_y[at] & ~inside_y[_at(part, x, part.low[1] + part.size[1], word)]
        in_z = ray_z & vote_z
        inside = (in_x & in_y) | (in_x & in_z) | (in_y & in_z)
        if part.axes_needed > 2:
            inside = in_x & in_y & in_z
        solid[row * words + word] = solid[row * words + word] | inside


@wp.kernel(enable_backward=False)
def fill(
    start: int,
    n: int,
    words: int,
    first_mesh: int,
    parts_of_mesh: wp.array2d(dtype=int),
    table: wp.array2d(dtype=int),
    inside_x: wp.array(dtype=wp.uint32),
    inside_y: wp.array(dtype=wp.uint32),
    flips_z: wp.array(dtype=wp.uint32),
    solid: wp.array(dtype=wp.uint32),
) -> None:
    """Set the bits of cells that enough of the three axes find inside of a part."""
    item = start + wp.tid()
    y = item % n
    x = (item // n) % n
    mesh = item // (n * n)
    row = first_mesh * n * n + item
    for k in range(parts_of_mesh[mesh, 0], parts_of_mesh[mesh, 1]):
        dx, dy = x - table[k, 1], y - table[k, 2]
        if dx >= 0 and dy >= 0 and dx < table[k, 3] and dy < table[k, 4]:
            _fill_row(_part(table, k), x, y, row, words, inside_x, inside_y, flips_z, solid)
