"""Plane sweep: at which depth a pixel looks the same in other pictures.

Along the ray of each pixel places are tried from near to far. At each the pixel's window of 3 x 3 taps, parallel to
its picture or slanted, is looked up in the pictures of its view's neighbours and compared by zero-mean normalised
correlation over the three channels, so that gain and offset of a channel's light do not matter. The mean over the
better half of the neighbours counts: a place may be hidden from the others (Collins, CVPR 1996; Gallup et al., CVPR
2007).
"""

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import even_pieces, launch, on_compute_device

wp.set_module_options({"enable_backward": False})

MOST_NEIGHBOURS = 6
_TAPS = wp.constant(9)
_FLAT = wp.constant(0.002)  # sum of squares about the mean, of all taps, at which texture begins to count
_UNSEEN = wp.constant(-2.0)


@wp.func
def _colour(images: wp.array(dtype=wp.vec3, ndim=3), view: int, x: float, y: float) -> wp.vec3:
    """The colour at pixel coordinates, middles at halves, bilinear; at the border the nearest."""
    height, width = images.shape[1], images.shape[2]
    u = wp.clamp(x - 0.5, 0.0, float(width - 1))
    v = wp.clamp(y - 0.5, 0.0, float(height - 1))
    column = wp.min(int(u), width - 2)
    row = wp.min(int(v), height - 2)
    s, t = u - float(column), v - float(row)
    above = images[view, row, column] * (1.0 - s) + images[view, row, column + 1] * s
    below = images[view, row + 1, column] * (1.0 - s) + images[view, row + 1, column + 1] * s
    return above * (1.0 - t) + below * t


@wp.func
def _likeness(
    images: wp.array(dtype=wp.vec3, ndim=3),
    view: int,
    other: int,
    pair: wp.mat44,
    x: float,
    y: float,
    depth: float,
    perspective: bool,
    slant: wp.vec2,
    spread: float,
) -> float:
    """Correlation of a pixel's window with what another picture shows of it; `_UNSEEN` beyond its border."""
    width, height = float(images.shape[2]), float(images.shape[1])
    zero = wp.vec3(0.0)
    a1, b1, aa, bb, ab = zero, zero, zero, zero, zero
    for k in range(_TAPS):
        step = spread * wp.vec2(float(k % 3 - 1), float(k // 3 - 1))
        u = x + step[0]
        v = y + step[1]
        z = depth + wp.dot(step, slant)
        w = float(1.0)
        if perspective:
            w = z
        p = pair * wp.vec4(u * w, v * w, z, 1.0)
        if p[2] <= 0.0 or p[3] <= 0.0:
            return _UNSEEN
        at = wp.vec2(p[0] / p[3], p[1] / p[3])
        if at[0] < 0.0 or at[1] < 0.0 or at[0] > width or at[1] > height:
            return _UNSEEN
        a = _colour(images, view, u, v)
        b = _colour(images, other, at[0], at[1])
        a1 += a
        b1 += b
        aa += wp.cw_mul(a, a)
        bb += wp.cw_mul(b, b)
        ab += wp.cw_mul(a, b)
    n = 1.0 / float(_TAPS)
    one = wp.vec3(1.0)
    first = wp.max(wp.dot(aa - wp.cw_mul(a1, a1) * n, one), 0.0)
    second = wp.max(wp.dot(bb - wp.cw_mul(b1, b1) * n, one), 0.0)
    return wp.dot(ab - wp.cw_mul(a1, b1) * n, one) / (wp.sqrt(first * second) + _FLAT)


@wp.func
def _agreement(
    images: wp.array(dtype=wp.vec3, ndim=3),
    view: int,
    neighbours: wp.array2d(dtype=wp.int32),
    pairs: wp.array2d(dtype=wp.mat44),
    x: float,
    y: float,
    depth: float,
    perspective: bool,
    slant: wp.vec2,
    spread: float,
) -> float:
    """Mean likeness over the better half, rounded up, of the neighbours that show the place."""
    best = wp.vector(_UNSEEN, length=MOST_NEIGHBOURS, dtype=float)
    shown = int(0)
    for j in range(neighbours.shape[1]):
        other = neighbours[view, j]
        if other >= 0:
            value = _likeness(images, view, other, pairs[view, j], x, y, depth, perspective, slant, spread)
            if value > _UNSEEN:
                shown += 1
                for i in range(MOST_NEIGHBOURS):  # the largest first
                    if value > best[i]:
                        worse = best[i]
                        best[i] = value
                        value = worse
    if shown == 0:
        return _UNSEEN
    half = (shown + 1) // 2
    total = float(0.0)
    for i in range(half):
        total += best[i]
    return total / float(half)


@wp.kernel
def _sweep(
    start: int,
    images: wp.array(dtype=wp.vec3, ndim=3),
    pixels: wp.array2d(dtype=wp.int32),
    ranges: wp.array(dtype=wp.vec2),
    step: float,
    perspective: wp.array(dtype=wp.uint8),
    neighbours: wp.array2d(dtype=wp.int32),
    pairs: wp.array2d(dtype=wp.mat44),
    widths: wp.array(dtype=float),
    slants: wp.array(dtype=wp.vec2),
    spread: float,
    depths: wp.array(dtype=float),
    scores: wp.array(dtype=float),
) -> None:
    item = start + wp.tid()
    view = pixels[item, 0]
    y = float(pixels[item, 1]) + 0.5
    x = float(pixels[item, 2]) + 0.5
    lens = perspective[view] != wp.uint8(0)
    near, far = ranges[item][0], ranges[item][1]
    count = int(wp.ceil((far - near) / step)) + 1
    best = float(_UNSEEN)
    place = int(0)
    before = float(_UNSEEN)
    after = float(_UNSEEN)
    last = float(_UNSEEN)
    for k in range(count):
        depth = near + step * float(k)
        width = widths[view]
        if lens:
            width *= depth
        score = float(_UNSEEN)
        for i in range(slants.shape[0]):
            slant = slants[i] * width
            value = _agreement(images, view, neighbours, pairs, x, y, depth, lens, slant, spread)
            score = wp.max(score, value)
        if k == place + 1:
            after = score
        if score > best:
            best, place, before, after = score, k, last, _UNSEEN
        last = score
    offset = float(0.0)
    if before > _UNSEEN and after > _UNSEEN:
        bend = before - 2.0 * best + after
        if bend < 0.0:
            offset = wp.clamp(0.5 * (before - after) / bend, -0.5, 0.5)
    depths[item] = near + step * (float(place) + offset)
    scores[item] = best


@on_compute_device
def sweep(
    images: Tensor,
    pixels: Tensor,
    ranges: Tensor,
    step: float,
    perspective: Tensor,
    neighbours: Tensor,
    pairs: Tensor,
    widths: Tensor,
    slants: Tensor,
    spread: float,
) -> tuple[Tensor, Tensor]:
    """Depths at which pixels look most alike in the pictures of their views' neighbours.

    Args:
        images: (V, H, W, 3) float32, of at least 2 x 2 pixels.
        pixels: (P, 3) int32: view, row and column.
        ranges: (P, 2) float32: nearest and farthest depth that is tried.
        step: between the depths.
        perspective: (V,) bool: whether w is a point's depth; else it is 1.
        neighbours: (V, N) int32, N <= `MOST_NEIGHBOURS`; -1 for none.
        pairs: (V, N, 4, 4) float32, for column vectors: from (x w, y w, depth, 1) in pixels of a view to (x w, y w,
            depth, w) of its neighbour.
        widths: (V,) float32: width of a pixel in the world, over w.
        slants: (S, 2) float32: slopes of depth to the right and down in the world that windows are tried with.
        spread: pixels between the taps of a window.

    Returns:
        (P,) depths, between the steps by a parabola, and (P,) scores in [-1, 1], -2 where no neighbour shows
        any place.
    """
    device = images.device
    count = len(pixels)
    depths, scores = (torch.empty(count, dtype=torch.float32, device=device) for _ in range(2))
    inputs = [
        images,
        pixels,
        ranges,
        step,
        perspective.view(torch.uint8),
        neighbours,
        pairs,
        widths,
        slants,
        spread,
        depths,
        scores,
    ]
    launch(_sweep, count, inputs, device, even_pieces(count))
    return depths, scores
