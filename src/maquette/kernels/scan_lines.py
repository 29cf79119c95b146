"""Where lines of samples or of cell centres pass through a triangle: what drawing and voxelization share."""

import warp as wp


@wp.func
def _crossing(p: wp.vec3, q: wp.vec3, v: float) -> float:
    """u at which the edge from p to q meets the line at v: the same bits for either direction of the edge."""
    low = p
    high = q
    if p[1] > q[1]:
        low = q
        high = p
    return low[0] + (v - low[1]) / (high[1] - low[1]) * (high[0] - low[0])


@wp.func
def span(a: wp.vec3, b: wp.vec3, c: wp.vec3, v: float) -> wp.vec2:
    """First and last u at which the line at v passes through a triangle with corners (u, v, w).

    Infinity and its negative where it does not. A corner on the line is below it: of triangles that share an edge
    or a corner each line meets as many on either side.
    """
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
    return wp.vec2(first, last)
