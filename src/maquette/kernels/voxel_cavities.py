"""Cells that nothing outside can reach: a flood from the sides of the grid, 32 cells at once.

The outside spreads through free cells that share a side, in sweeps along z, y and x, forwards and back, until it has
all of them or nothing changes. An item owns some lines of words and both of their directions, so that items write
disjoint memory.
"""

from itertools import cycle

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import even_pieces, launch

_LEAST = 1 << 14  # rows for which a second thread is worth its waking
_X = wp.constant(0)
_Y = wp.constant(1)
_Z = wp.constant(2)


@wp.func
def _along_lines(
    first: int,
    step: int,
    n: int,
    lines: int,
    solid: wp.array(dtype=wp.uint32),
    outside: wp.array(dtype=wp.uint32),
) -> tuple[wp.uint32, wp.uint32]:
    """Spread over lines of n words, side by side in memory; cells newly reached, and free ones that are not.

    The words at both ends belong to sides of the grid, where all free cells are outside.
    """
    changed = wp.uint32(0)
    for k in range(1, n):
        for at in range(first + k * step, first + k * step + lines):
            before = outside[at]
            reached = (outside[at - step] & ~solid[at]) | before
            changed = changed | (reached ^ before)
            outside[at] = reached
    left = wp.uint32(0)
    for k in range(1, n):
        for at in range(first + (n - 1 - k) * step, first + (n - 1 - k) * step + lines):
            before = outside[at]
            free = ~solid[at]
            reached = (outside[at + step] & free) | before
            changed = changed | (reached ^ before)
            left = left | (reached ^ free)
            outside[at] = reached
    return changed, left


@wp.func
def _upwards(reached: wp.uint32, free: wp.uint32) -> wp.uint32:
    """Spread to higher bits of a word: added to a run of free bits, a bit carries on to the end of the run."""
    return reached | (((free + reached) ^ free) & free)


@wp.func
def _downwards(reached: wp.uint32, free: wp.uint32) -> wp.uint32:
    """Spread to lower bits of a word, by steps of 1, 2, 4, 8 and 16."""
    if reached == wp.uint32(0) or reached == free:
        return reached
    for k in range(5):
        reached = reached | (free & (reached >> wp.uint32(1 << k)))
        free = free & (free >> wp.uint32(1 << k))
    return reached


@wp.func
def _along_row(
    first: int, words: int, solid: wp.array(dtype=wp.uint32), outside: wp.array(dtype=wp.uint32)
) -> tuple[wp.uint32, wp.uint32]:
    """Spread along z, up and down; cells newly reached, and free ones that are not."""
    changed = wp.uint32(0)
    carry = wp.uint32(0)
    for at in range(first, first + words):
        before = outside[at]
        free = ~solid[at]
        reached = _upwards(before | (carry & free), free)
        carry = reached >> wp.uint32(31)
        changed = changed | (reached ^ before)
        outside[at] = reached
    left = wp.uint32(0)
    carry = wp.uint32(0)
    for k in range(words):
        at = first + words - 1 - k
        before = outside[at]
        free = ~solid[at]
        reached = _downwards(before | (carry & free), free)
        carry = reached << wp.uint32(31)
        changed = changed | (reached ^ before)
        left = left | (reached ^ free)
        outside[at] = reached
    return changed, left


@wp.kernel(enable_backward=False)
def _enter(
    start: int, n: int, words: int, solid: wp.array(dtype=wp.uint32), outside: wp.array(dtype=wp.uint32)
) -> None:
    """The free cells at the sides of the grid, all bits beyond it, and what these reach along z."""
    row = start + wp.tid()
    x, y = (row // n) % n, row % n
    for word in range(words):
        sides = wp.uint32(0)
        if x == 0 or y == 0 or x == n - 1 or y == n - 1:
            sides = ~wp.uint32(0)
        if word == 0:
            sides = sides | wp.uint32(1)
        if word == words - 1:
            sides = sides | (~wp.uint32(0) << wp.uint32((n - 1) & 31))
        outside[row * words + word] = sides & ~solid[row * words + word]
    _along_row(row * words, words, solid, outside)


@wp.kernel(enable_backward=False)
def _spread(
    start: int,
    axis: int,
    n: int,
    words: int,
    lines: int,
    solid: wp.array(dtype=wp.uint32),
    outside: wp.array(dtype=wp.uint32),
    found: wp.array(dtype=int),
) -> None:
    """One sweep, `lines` words side by side an item (along z a row); whether it changed anything or left any."""
    item = start + wp.tid()
    changed = wp.uint32(0)
    left = wp.uint32(0)
    if axis == _Z:
        changed, left = _along_row(item * words, words, solid, outside)
    else:
        step = words
        if axis == _X:
            step = n * words
        first = item * lines
        changed, left = _along_lines(first + first // step * (n - 1) * step, step, n, lines, solid, outside)
    if changed != wp.uint32(0):
        found[0] = 1
    if left != wp.uint32(0):
        found[1] = 1


@wp.kernel(enable_backward=False)
def _close(start: int, solid: wp.array(dtype=wp.uint32), outside: wp.array(dtype=wp.uint32)) -> None:
    at = start + wp.tid()
    solid[at] = ~outside[at]


def fill_cavities(bits: Tensor, n: int) -> None:
    """Make every cell solid that is not joined to a side of the grid by free cells, side by side.

    Args:
        bits: (meshes * n * n * words,) uint32, cells of rows along z as `solid_cells` keeps them, bits beyond the
            grid not set; changed in place.
        n: cells along each axis.
    """
    device, words = bits.device, (n + 31) // 32
    lines = 1 if device.type == "cuda" else words
    outside = torch.empty_like(bits)
    rows = len(bits) // words
    launch(_enter, rows, [n, words, bits, outside], device, even_pieces(rows, _LEAST))
    unchanged = 0
    for axis in cycle((int(_Y), int(_X), int(_Z))):
        found = torch.zeros(2, dtype=torch.int32, device=device)
        items = rows if axis == _Z else len(bits) // (n * lines)
        pieces = even_pieces(items, _LEAST * items // rows)
        launch(_spread, items, [axis, n, words, lines, bits, outside, found], device, pieces)
        changed, left = found.tolist()
        if not left:
            return
        unchanged = 0 if changed else unchanged + 1
        if unchanged == 2:  # and the sweep before these two went along the third axis
            break
    launch(_close, len(bits), [bits, outside], device, even_pieces(len(bits), _LEAST * words))
