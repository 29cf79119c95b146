"""Space carving: how much of each cell of a grid the masks of all views cover.

A cell is looked at over its whole extent: in each picture over the smallest upright rectangle around its eight
projected corners, grown by a margin. A table of sums over the mask (Crow, "Summed-Area Tables for Texture Mapping",
1984), read between its entries, gives the mask's area within the rectangle. An item owns a row of cells along z.
"""

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import even_pieces, launch, on_compute_device

wp.set_module_options({"enable_backward": False})

_LEAST = wp.constant(wp.float64(1.0e-6))  # share of a cell that a mask just touches, so that it is kept


@wp.func
def _area(
    sums: wp.array(dtype=wp.int32), first: int, width: int, height: int, x: wp.float64, y: wp.float64
) -> wp.float64:
    """The mask's area left of x and above y: between the entries of a table of sums it is bilinear."""
    column = wp.min(int(x), width - 1)
    row = wp.min(int(y), height - 1)
    u = x - wp.float64(column)
    v = y - wp.float64(row)
    at = first + row * (width + 1) + column
    one = wp.float64(1.0)
    above = wp.float64(sums[at]) * (one - u) + wp.float64(sums[at + 1]) * u
    at += width + 1
    below = wp.float64(sums[at]) * (one - u) + wp.float64(sums[at + 1]) * u
    return above * (one - v) + below * v


@wp.func
def _share(
    low: wp.vec2d,
    high: wp.vec2d,
    whole: bool,
    first: int,
    width: int,
    height: int,
    sums: wp.array(dtype=wp.int32),
) -> wp.float64:
    """Share of the rectangle from `low` to `high` that the mask covers; 1 where the picture cannot tell."""
    zero = wp.float64(0.0)
    right = wp.float64(width)
    bottom = wp.float64(height)
    inside = low[0] >= zero and low[1] >= zero and high[0] <= right and high[1] <= bottom
    if not (inside or whole):
        return wp.float64(1.0)
    x0 = wp.clamp(low[0], zero, right)
    x1 = wp.clamp(high[0], zero, right)
    y0 = wp.clamp(low[1], zero, bottom)
    y1 = wp.clamp(high[1], zero, bottom)
    if x0 >= x1 or y0 >= y1:
        return zero
    # Counted in whole pixels, so that no rounding can carve a cell that a mask touches.
    c0 = int(wp.floor(x0))
    c1 = int(wp.ceil(x1))
    top = first + int(wp.floor(y0)) * (width + 1)
    base = first + int(wp.ceil(y1)) * (width + 1)
    touched = sums[base + c1] - sums[base + c0] - sums[top + c1] + sums[top + c0]
    if touched == 0:
        return zero
    if inside and touched == (c1 - c0) * ((base - top) // (width + 1)):
        return wp.float64(1.0)
    covered = _area(sums, first, width, height, x1, y1) - _area(sums, first, width, height, x0, y1)
    covered += _area(sums, first, width, height, x0, y0) - _area(sums, first, width, height, x1, y0)
    return wp.max(covered / ((high[0] - low[0]) * (high[1] - low[1])), _LEAST)


@wp.kernel
def _carve(
    start: int,
    n: int,
    views: int,
    margin: wp.float64,
    projections: wp.array(dtype=wp.mat44d),
    whole: wp.array(dtype=wp.uint8),
    tables: wp.array2d(dtype=wp.int32),
    sums: wp.array(dtype=wp.int32),
    shares: wp.array3d(dtype=float),
) -> None:
    item = start + wp.tid()
    x, y = item // n, item % n
    zero = wp.float64(0.0)
    for z in range(n):
        least = wp.float64(1.0)
        view = int(0)
        while view < views and least > zero:
            camera = wp.transpose(projections[view])  # its rows are what one step along an axis adds
            corner = (
                camera[0] * wp.float64(x) + camera[1] * wp.float64(y) + camera[2] * wp.float64(z) + camera[3]
            )
            low = wp.vec2d(wp.float64(wp.inf))
            high = wp.vec2d(wp.float64(-wp.inf))
            before = bool(True)
            for k in range(8):
                p = corner
                if k & 1 != 0:
                    p += camera[0]
                if k & 2 != 0:
                    p += camera[1]
                if k & 4 != 0:
                    p += camera[2]
                if p[2] <= zero or p[3] <= zero:
                    before = False
                else:
                    at = wp.vec2d(p[0] / p[3], p[1] / p[3])
                    low = wp.min(low, at)
                    high = wp.max(high, at)
            if before:
                low -= wp.vec2d(margin)
                high += wp.vec2d(margin)
                seen = whole[view] != wp.uint8(0)
                width, height, first = tables[view, 0], tables[view, 1], tables[view, 2]
                least = wp.min(least, _share(low, high, seen, first, width, height, sums))
            view += 1
        shares[x, y, z] = float(least)


@on_compute_device
def carve(
    resolution: int, projections: Tensor, whole: Tensor, tables: Tensor, sums: Tensor, margin: float
) -> Tensor:
    """Least share of a cell that the mask of a view covers, over all views that can tell.

    Args:
        resolution: n cells along each axis; cell i reaches from i to i + 1.
        projections: (V, 4, 4) float64, for column vectors (x, y, z, 1): pixels times w to the right and down, depth
            in front of the camera, and w.
        whole: (V,) bool: what lies beyond the picture is background; else it is unknown, as what is behind it.
        tables: (V, 3) int32: width and height of each mask, and where its table begins.
        sums: int32 tables of sums, one after another, of (height + 1, width + 1).
        margin: pixels by which a cell's rectangle is grown.

    Returns:
        (n, n, n) float32 in [0, 1], indexed (x, y, z); 0 exactly where some view sees nothing but background.
    """
    device = projections.device
    shares = torch.empty((resolution, resolution, resolution), dtype=torch.float32, device=device)
    items = resolution**2
    inputs = [
        resolution,
        len(projections),
        margin,
        projections,
        whole.view(torch.uint8),
        tables,
        sums,
        shares,
    ]
    launch(_carve, items, inputs, device, even_pieces(items))
    return shares
