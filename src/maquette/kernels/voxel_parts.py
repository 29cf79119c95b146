"""Cells inside of parts of meshes, by the parity of rays along the three axes.

Every part has three fields of bits over its own bounding box, with one slot more than cells along each axis, 32
cells along z a word: for the rays through the cells' centres along x, y and z, a flipped bit at the first cell
centre behind each crossing. A running exclusive-or along the ray then says inside or outside, for 32 rays at once
where the ray does not run along z. A ray that ends inside has met a hole and does not vote. Parts that do not fit
into memory together follow one another.

On a CPU each item owns a share of the layers and walks all faces; on CUDA there is an item a face.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import Piece, even_pieces, launch
from maquette.kernels.scan_lines import span

wp.set_module_options({"max_unroll": 3})
_WORDS_AT_ONCE = 1 << 22


class Parts(NamedTuple):
    """What encloses cells: closed surfaces, or open ones.

    Attributes:
        corners: (F, 3, 3) float32, finite, in cells; in order of their parts.
        part_of_face: (F,) int64; every part has a face.
        mesh_of_part: (P,) int64, ascending.
        axes_needed: (P,) int64: 2 or 3 of the axes must find a cell inside.
    """

    corners: Tensor
    part_of_face: Tensor
    mesh_of_part: Tensor
    axes_needed: Tensor


@wp.struct
class _Part:
    """The box of cells around a part, and where its fields begin."""

    mesh: int
    low: wp.vec2i
    size: wp.vec2i
    first_word: int
    words: int
    axes_needed: int
    base: int


@wp.func
def _part(table: wp.array2d(dtype=int), row: int):
    part = _Part()
    part.mesh = table[row, 0]
    part.low = wp.vec2i(table[row, 1], table[row, 2])
    part.size = wp.vec2i(table[row, 3], table[row, 4])
    part.first_word = table[row, 5]
    part.words = table[row, 6]
    part.axes_needed = table[row, 7]
    part.base = table[row, 8]
    return part


@wp.func
def _at(part: _Part, x: int, y: int, word: int):
    """Where the word of a cell or slot of the grid lies in the fields of parts."""
    row = (x - part.low[0]) * (part.size[1] + 1) + y - part.low[1]
    return part.base + row * part.words + word - part.first_word


@wp.func
def bit(z: int):
    return wp.uint32(1) << wp.uint32(z & 31)


@wp.func
def is_mine(layer: int, owners: int, item: int):
    return owners == 0 or (layer >> 3) % owners == item


@wp.func
def is_all_others(first: int, last: int, owners: int, item: int):
    """Whether layers within one block of 8 are another owner's (or there are none)."""
    return first > last or ((first >> 3) == (last >> 3) and not is_mine(first, owners, item))


@wp.func
def _flip_rays(
    a: wp.vec3,
    b: wp.vec3,
    c: wp.vec3,
    axis: int,
    part: _Part,
    n: int,
    owners: int,
    item: int,
    flips: wp.array(dtype=wp.uint32),
):
    """Flip the bits behind a triangle, its corners given as (u, v, w), w along the rays and v the owned layer."""
    low = wp.min(wp.min(a, b), c)
    high = wp.max(wp.max(a, b), c)
    v0 = int(wp.ceil(wp.clamp(low[1] - 0.5, 0.0, float(n))))
    v1 = int(wp.floor(wp.clamp(high[1] - 0.5, -1.0, float(n - 1))))
    if is_all_others(v0, v1, owners, item):
        return
    normal = wp.cross(b - a, c - a)
    for layer in range(v0, v1 + 1):
        if is_mine(layer, owners, item):
            v = float(layer) + 0.5
            ends = span(a, b, c, v)
            u0 = int(wp.ceil(wp.clamp(ends[0] - 0.5, 0.0, float(n))))
            u1 = int(wp.ceil(wp.clamp(ends[1] - 0.5, 0.0, float(n))))
            for column in range(u0, u1):
                w = a[2]
                if normal[2] != 0.0:
                    slope = (float(column) + 0.5 - a[0]) * normal[0] + (v - a[1]) * normal[1]
                    w = a[2] - slope / normal[2]
                w = wp.clamp(w, low[2], high[2])
                depth = int(wp.ceil(wp.clamp(w - 0.5, 0.0, float(n))))
                if axis == 0:
                    at = _at(part, depth, layer, column >> 5)
                    wp.atomic_xor(flips, at, bit(column))
                elif axis == 1:
                    at = _at(part, layer, depth, column >> 5)
                    wp.atomic_xor(flips, at, bit(column))
                else:
                    at = _at(part, layer, column, depth >> 5)
                    wp.atomic_xor(flips, at, bit(depth))


@wp.kernel(enable_backward=False)
def _cross(
    start: int,
    owners: int,
    n: int,
    corners: wp.array2d(dtype=wp.vec3),
    part_of_face: wp.array(dtype=wp.int64),
    first_part: int,
    table: wp.array2d(dtype=int),
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
        part = _part(table, int(part_of_face[face]) - first_part)
        _flip_rays(
            wp.vec3(a[2], a[1], a[0]),
            wp.vec3(b[2], b[1], b[0]),
            wp.vec3(c[2], c[1], c[0]),
            0,
            part,
            n,
            owners,
            item,
            flips_x,
        )
        _flip_rays(
            wp.vec3(a[2], a[0], a[1]),
            wp.vec3(b[2], b[0], b[1]),
            wp.vec3(c[2], c[0], c[1]),
            1,
            part,
            n,
            owners,
            item,
            flips_y,
        )
        _flip_rays(
            wp.vec3(a[1], a[0], a[2]),
            wp.vec3(b[1], b[0], b[2]),
            wp.vec3(c[1], c[0], c[2]),
            2,
            part,
            n,
            owners,
            item,
            flips_z,
        )


@wp.kernel(enable_backward=False)
def _scan(
    start: int,
    part_of_item: wp.array(dtype=int),
    first_item: wp.array(dtype=int),
    table: wp.array2d(dtype=int),
    flips_x: wp.array(dtype=wp.uint32),
    flips_y: wp.array(dtype=wp.uint32),
):
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
def _running_xor(bits: wp.uint32):
    bits = bits ^ (bits << wp.uint32(1))
    bits = bits ^ (bits << wp.uint32(2))
    bits = bits ^ (bits << wp.uint32(4))
    bits = bits ^ (bits << wp.uint32(8))
    return bits ^ (bits << wp.uint32(16))


@wp.func
def _fill_row(
    part: _Part,
    x: int,
    y: int,
    row: int,
    words: int,
    inside_x: wp.array(dtype=wp.uint32),
    inside_y: wp.array(dtype=wp.uint32),
    flips_z: wp.array(dtype=wp.uint32),
    solid: wp.array(dtype=wp.uint32),
):
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
def _fill(
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
):
    item = start + wp.tid()
    y = item % n
    x = (item // n) % n
    mesh = item // (n * n)
    row = first_mesh * n * n + item
    for k in range(parts_of_mesh[mesh, 0], parts_of_mesh[mesh, 1]):
        dx, dy = x - table[k, 1], y - table[k, 2]
        if dx >= 0 and dy >= 0 and dx < table[k, 3] and dy < table[k, 4]:
            _fill_row(_part(table, k), x, y, row, words, inside_x, inside_y, flips_z, solid)


def shares(faces: int, device: torch.device) -> tuple[int, int, list[Piece] | None]:
    """Owners of layers (none on CUDA), items, and how these are spread over threads."""
    if device.type == "cuda":
        return 0, faces, None
    owners = torch.get_num_threads()
    return owners, owners, even_pieces(owners)


def fill_parts(parts: Parts, n: int, words: int, bits: Tensor) -> None:
    """Set the bits of cells that parts enclose.

    Args:
        parts: at least one.
        n: cells along each axis.
        words: of a row of cells along z.
        bits: (meshes * n * n * words,) uint32, changed in place.
    """
    table, sizes, faces = _boxes(parts, n)
    for first, last in _chunks(sizes):
        begin, end = int(faces[first]), int(faces[last])
        _fill_chunk(
            parts.corners[begin:end], parts.part_of_face[begin:end], first, table[first:last], n, words, bits
        )


def _boxes(parts: Parts, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of `_Part` (base left 0), words of each part's field, and where each part's faces start.

    A part without a cell centre in its bounding box gets a box without cells.
    """
    part, count = parts.part_of_face.cpu().numpy(), len(parts.mesh_of_part)
    starts = np.searchsorted(part, np.arange(count + 1))
    corners = np.ascontiguousarray(parts.corners.reshape(-1, 3).cpu().numpy().T)
    low = np.minimum.reduceat(corners, 3 * starts[:-1], axis=1).T
    high = np.maximum.reduceat(corners, 3 * starts[:-1], axis=1).T
    low = np.ceil(np.clip(low - 0.5, 0, n)).astype(np.int64)
    high = np.floor(np.clip(high - 0.5, -1, n - 1)).astype(np.int64) + 1
    size = np.maximum(high - low, 0)
    word = low[:, 2] >> 5
    length = (np.maximum(high[:, 2], low[:, 2]) >> 5) - word + 1
    mesh, needed = parts.mesh_of_part.cpu().numpy(), parts.axes_needed.cpu().numpy()
    table = np.column_stack([mesh, low[:, :2], size[:, :2], word, length, needed, np.zeros(count, np.int64)])
    return table, (size[:, 0] + 1) * (size[:, 1] + 1) * length, starts


def _chunks(sizes: np.ndarray) -> Iterator[tuple[int, int]]:
    """Ranges of parts whose fields fit into memory together."""
    first, total = 0, 0
    for i, size in enumerate(sizes.tolist()):
        if total and total + size > _WORDS_AT_ONCE:
            yield first, i
            first, total = i, 0
        total += size
    yield first, len(sizes)


def _fill_chunk(
    corners: Tensor, part_of_face: Tensor, first: int, table: np.ndarray, n: int, words: int, bits: Tensor
) -> None:
    device = corners.device
    length = (table[:, 3] + 1) * (table[:, 4] + 1) * table[:, 6]
    table[:, 8] = np.cumsum(length) - length
    lines = np.maximum(table[:, 3], table[:, 4]) * table[:, 6]
    meshes = np.arange(table[0, 0], table[-1, 0] + 1)
    ranges = np.column_stack([np.searchsorted(table[:, 0], meshes + k) for k in (0, 1)])

    def there(array: np.ndarray) -> Tensor:
        return torch.from_numpy(array.astype(np.int32)).to(device)

    rows = there(table)
    flips = torch.zeros((3, int(length.sum())), dtype=torch.uint32, device=device).unbind(0)
    owners, items, pieces = shares(len(corners), device)
    inputs = [owners, n, corners.contiguous(), part_of_face.contiguous(), first, rows, *flips]
    launch(_cross, items, inputs, device, pieces)
    part_of_item = there(np.repeat(np.arange(len(table)), lines))
    inputs = [part_of_item, there(np.cumsum(lines) - lines), rows, *flips[:2]]
    launch(_scan, len(part_of_item), inputs, device)
    inputs = [n, words, int(meshes[0]), there(ranges), rows, *flips, bits]
    launch(_fill, len(meshes) * n * n, inputs, device)
