"""Cells that nothing outside can reach: a flood from the sides of the grid, 32 cells at once.

The outside spreads through free cells that share a side, in sweeps along x, y and z, forwards and back, until nothing
changes. An item owns a line of words and both of its directions, so that items write disjoint memory.
"""

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import launch

_X = wp.constant(0)
_Y = wp.constant(1)


@wp.kernel(enable_backward=False)
def _enter(
    start: int, n: int, words: int, solid: wp.array(dtype=wp.uint32), outside: wp.array(dtype=wp.uint32)
):
    """The free cells at the sides of the grid."""
    row = start + wp.tid()
    x, y = (row // n) % n, row % n
    for word in range(words):
        sides = wp.uint32(0)
        if x == 0 or y == 0 or x == n - 1 or y == n - 1:
            sides = ~wp.uint32(0)
        if word == 0:
            sides = sides | wp.uint32(1)
        if word == words - 1:
            sides = sides | (wp.uint32(1) << wp.uint32((n - 1) & 31))
        outside[row * words + word] = sides & ~solid[row * words + word]


@wp.func
def _along_line(
    first: int,
    step: int,
    n: int,
    solid: wp.array(dtype=wp.uint32),
    outside: wp.array(dtype=wp.uint32),
):
    """Spread over n words, each the next of the one before in x or y, forwards and back."""
    changed = wp.uint32(0)
    reached = wp.uint32(0)
    for k in range(n):
        at = first + k * step
        before = outside[at]
        reached = (reached & ~solid[at]) | before
        changed = changed | (reached ^ before)
        outside[at] = reached
    reached = wp.uint32(0)
    for k in range(n):
        at = first + (n - 1 - k) * step
        before = outside[at]
        reached = (reached & ~solid[at]) | before
        changed = changed | (reached ^ before)
        outside[at] = reached
    return changed


@wp.func
def _upwards(reached: wp.uint32, free: wp.uint32):
    """Spread to higher bits of a word, by steps of 1, 2, 4, 8 and 16."""
    for k in range(5):
        reached = reached | (free & (reached << wp.uint32(1 << k)))
        free = free & (free << wp.uint32(1 << k))
    return reached


@wp.func
def _downwards(reached: wp.uint32, free: wp.uint32):
    for k in range(5):
        reached = reached | (free & (reached >> wp.uint32(1 << k)))
        free = free & (free >> wp.uint32(1 << k))
    return reached


@wp.func
def _along_row(first: int, words: int, solid: wp.array(dtype=wp.uint32), outside: wp.array(dtype=wp.uint32)):
    """Spread along z, up and down."""
    changed = wp.uint32(0)
    carry = wp.uint32(0)
    for k in range(words):
        free = ~solid[first + k]
        before = outside[first + k]
        reached = _upwards(before | (carry & free), free)
        carry = reached >> wp.uint32(31)
        changed = changed | (reached ^ before)
        outside[first + k] = reached
    carry = wp.uint32(0)
    for k in range(words):
        at = first + words - 1 - k
        free = ~solid[at]
        before = outside[at]
        reached = _downwards(before | (carry & free), free)
        carry = reached << wp.uint32(31)
        changed = changed | (reached ^ before)
        outside[at] = reached
    return changed


@wp.kernel(enable_backward=False)
def _spread(
    start: int,
    axis: int,
    n: int,
    words: int,
    solid: wp.array(dtype=wp.uint32),
    outside: wp.array(dtype=wp.uint32),
    changes: wp.array(dtype=int),
):
    item = start + wp.tid()
    changed = wp.uint32(0)
    if axis == _X:
        mesh = item // (n * words)
        changed = _along_line(item + mesh * (n - 1) * n * words, n * words, n, solid, outside)
    elif axis == _Y:
        layer = item // words
        changed = _along_line(item + layer * (n - 1) * words, words, n, solid, outside)
    else:
        changed = _along_row(item * words, words, solid, outside)
    if changed != wp.uint32(0):
        changes[0] = 1


@wp.kernel(enable_backward=False)
def _close(start: int, solid: wp.array(dtype=wp.uint32), outside: wp.array(dtype=wp.uint32)):
    at = start + wp.tid()
    solid[at] = ~outside[at]


def fill_cavities(bits: Tensor, n: int) -> None:
    """Make every cell solid that is not joined to a side of the grid by free cells, side by side.

    Args:
        bits: (meshes * n * n * words,) uint32, cells of rows along z as `solid_cells` keeps them; changed in place.
        n: cells along each axis.
    """
    device, words = bits.device, (n + 31) // 32
    outside = torch.empty_like(bits)
    launch(_enter, len(bits) // words, [n, words, bits, outside], device)
    changes = torch.ones(1, dtype=torch.int32, device=device)
    while int(changes):
        changes.zero_()
        for axis, items in enumerate((len(bits) // n, len(bits) // n, len(bits) // words)):
            launch(_spread, items, [axis, n, words, bits, outside, changes], device)
    launch(_close, len(bits), [bits, outside], device)
