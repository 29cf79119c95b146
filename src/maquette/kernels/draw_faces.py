"""Device functions that drawing is made of: projected faces into a buffer of samples, and integer hashes.

A picture of S x S pixels has 2 S x 2 S samples, each a 64-bit word: inverse depth in the high half (of positive
floats the bits grow with the value), one more than the index of the face in the low half, 0 where nothing is. The
nearest face of a sample is the largest word, in whatever order faces are drawn.
"""

import warp as wp

from maquette.kernels.scan_lines import span

SAMPLES = wp.constant(2)  # a side of a pixel
NEAR = wp.constant(0.02)  # a face with a corner nearer than this is left out
_LEAST_AREA = wp.constant(1.0e-9)
_FIRST_FACTOR = wp.constant(wp.uint32(0x7FEB352D))
_SECOND_FACTOR = wp.constant(wp.uint32(0x846CA68B))
_GOLDEN = wp.constant(wp.uint32(0x9E3779B9))
_ONE = wp.constant(1.0 / 16777216.0)


@wp.func
def mixed(x: wp.uint32) -> wp.uint32:
    """A hash of 32 bits in which every bit depends on every bit (constants of Wellons' lowbias32)."""
    y = x ^ (x >> wp.uint32(16))
    y = y * _FIRST_FACTOR
    y = y ^ (y >> wp.uint32(15))
    y = y * _SECOND_FACTOR
    return y ^ (y >> wp.uint32(16))


@wp.func
def hashed(key: wp.uint32, number: int) -> wp.uint32:
    """A hash of a key and a number."""
    return mixed(key ^ mixed(wp.uint32(number) + _GOLDEN))


@wp.func
def unit(x: wp.uint32) -> float:
    """A hash as a number in [0, 1)."""
    return float(x >> wp.uint32(8)) * _ONE


@wp.func
def projected(p: wp.vec3, camera: wp.mat33, distance: float, window: wp.vec4) -> wp.vec3:
    """Column and row in pixels, and depth, of a point of the object frame.

    The rows of `camera` are the directions right, up and back; the camera stands at `distance` times back. The
    window holds the focal lengths and the place of the optical axis in pixels; a negative focal length mirrors.
    """
    at = camera * p
    depth = distance - at[2]
    safe = wp.max(depth, 1.0e-6)
    return wp.vec3(window[2] + window[0] * at[0] / safe, window[3] - window[1] * at[1] / safe, depth)


@wp.func
def cover(
    p: wp.vec3,
    q: wp.vec3,
    r: wp.vec3,
    face: int,
    side: int,
    strip: int,
    strips: int,
    base: int,
    samples: wp.array(dtype=wp.uint64),
) -> None:
    """Enter one face into the samples of rows `strip`, `strip + strips`, ... of a picture.

    Args:
        p, q, r: corners as (column, row, depth), in pixels.
        face: index of the face.
        side: samples a side of the picture.
        strip: first row of samples that this call may write to.
        strips: distance between its rows.
        base: place of the picture's first sample.
        samples: of all pictures.
    """
    if wp.min(wp.min(p[2], q[2]), r[2]) < NEAR:
        return
    scale = float(SAMPLES)
    a = wp.vec3(p[0] * scale, p[1] * scale, 1.0 / p[2])
    b = wp.vec3(q[0] * scale, q[1] * scale, 1.0 / q[2])
    c = wp.vec3(r[0] * scale, r[1] * scale, 1.0 / r[2])
    low = wp.min(wp.min(a, b), c)
    high = wp.max(wp.max(a, b), c)
    top = float(side)
    if not (low[0] < top and low[1] < top and high[0] > 0.0 and high[1] > 0.0):
        return
    y0 = int(wp.ceil(wp.max(low[1] - 0.5, 0.0)))
    y1 = int(wp.floor(wp.min(high[1] - 0.5, top - 1.0)))
    y0 = y0 + (strip - y0 % strips + strips) % strips
    if y0 > y1:
        return
    u = b - a
    v = c - a
    area = u[0] * v[1] - u[1] * v[0]
    if wp.abs(area) < _LEAST_AREA:
        return
    across = (u[2] * v[1] - v[2] * u[1]) / area
    down = (v[2] * u[0] - u[2] * v[0]) / area
    word = wp.uint64(face + 1)
    for y in range(y0, y1 + 1, strips):
        at = float(y) + 0.5
        ends = span(a, b, c, at)
        x0 = int(wp.ceil(wp.clamp(ends[0] - 0.5, 0.0, top)))
        x1 = int(wp.ceil(wp.clamp(ends[1] - 0.5, 0.0, top)))
        row = base + y * side
        start = a[2] + (at - a[1]) * down + (0.5 - a[0]) * across
        for x in range(x0, x1):
            # A plane seen edge-on may leave its corners' range between samples; keep it within.
            inverse = wp.clamp(start + float(x) * across, low[2], high[2])
            depth = wp.uint64(wp.cast(inverse, wp.uint32))
            wp.atomic_max(samples, row + x, (depth << wp.uint64(32)) | word)
