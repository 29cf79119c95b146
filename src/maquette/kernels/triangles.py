"""Device functions on projected triangles that the rasterizer and the soft silhouette share.

Triangles have corners `a, b, c` in NDC (x left, y up; Warp `vec2`), points `p` likewise. Adjoint functions
return the gradient of a scalar loss with respect to each corner. All are free of divisions by zero for
triangles whose `edge(c, a, b)` is larger than `MIN_AREA` in absolute value.
"""

import warp as wp

mat32 = wp.types.matrix(shape=(3, 2), dtype=float)
MIN_AREA = wp.constant(1.0e-8)  # twice the signed area below which a triangle is skipped
MAX_COORDINATE = wp.constant(1.0e12)  # beyond it products of depths overflow in float32
MAX_AREA = wp.constant(1.0e24)
MIN_LENGTH = wp.constant(1.0e-6)
MIN_LENGTH2 = wp.constant(1.0e-12)
MIN_DEPTH = wp.constant(1.0e-8)
MIN_NEARNESS = wp.constant(1.0e-12)


@wp.func
def pixel_to_ndc(i: int, size: int, other: int) -> float:
    """NDC coordinate of the centre of pixel `i` of `size`, counted from the top left (largest NDC)."""
    half = wp.max(float(size) / float(other), 1.0)
    return -half + (2.0 * half * float(size - 1 - i) + half) / float(size)


@wp.func
def first_pixel(ndc_max: float, size: int, other: int) -> int:
    """Smallest pixel index whose centre may be at or below `ndc_max`, within [0, size]."""
    half = wp.max(float(size) / float(other), 1.0)
    at = (1.0 - ndc_max / half) * 0.5 * float(size) - 0.501
    return int(wp.ceil(wp.clamp(at, 0.0, float(size))))


@wp.func
def last_pixel(ndc_min: float, size: int, other: int) -> int:
    """One more than the largest pixel index whose centre may be at or above `ndc_min`, within [0, size]."""
    half = wp.max(float(size) / float(other), 1.0)
    at = (1.0 - ndc_min / half) * 0.5 * float(size) - 0.499
    return int(wp.floor(wp.clamp(at, -1.0, float(size) - 1.0))) + 1


_SUBTRACT_PRODUCTS = """
#if defined(__CUDA_ARCH__)
    return __fsub_rn(__fmul_rn(a, b), __fmul_rn(c, d));
#else
    return (float)((double)a * (double)b - (double)c * (double)d);
#endif
"""


@wp.func_native(snippet=_SUBTRACT_PRODUCTS)
def _subtract_products(a: float, b: float, c: float, d: float) -> float:  # type: ignore[empty-body]
    """a b - c d, not fused: exactly minus c d - a b, and 0 where both are equal."""
    ...


@wp.func
def edge(p: wp.vec2, a: wp.vec2, b: wp.vec2) -> float:
    """Twice the signed area of (p, a, b): its sign says on which side of a->b the point lies.

    Two triangles that share an edge get the same bits but for the sign, so that no point is inside of both or of
    neither.
    """
    return _subtract_products(a[1] - p[1], b[0] - p[0], a[0] - p[0], b[1] - p[1])


@wp.func
def xy(v: wp.vec3) -> wp.vec2:
    return wp.vec2(v[0], v[1])


@wp.struct
class Triangle:
    """Corners a, b, c in NDC, their view depths, and the area: twice, with the sign of the corners' order."""

    a: wp.vec2
    b: wp.vec2
    c: wp.vec2
    depths: wp.vec3
    area: float


@wp.func
def triangle(verts: wp.array(dtype=wp.vec3), faces: wp.array2d(dtype=wp.int64), f: int) -> Triangle:
    """Face `f` of vertices with NDC x, y and view depth z."""
    v0 = verts[int(faces[f, 0])]
    v1 = verts[int(faces[f, 1])]
    v2 = verts[int(faces[f, 2])]
    out = Triangle()
    out.a = xy(v0)
    out.b = xy(v1)
    out.c = xy(v2)
    out.depths = wp.vec3(v0[2], v1[2], v2[2])
    out.area = edge(out.c, out.a, out.b)
    return out


@wp.func
def is_visible(near: float, far: float, area: float) -> bool:
    """Whether a triangle from one view depth to another can be drawn at all; false for NaN."""
    return near >= MIN_DEPTH and far < MAX_COORDINATE and wp.abs(area) > MIN_AREA and wp.abs(area) < MAX_AREA


@wp.func
def segment_parameter(p: wp.vec2, a: wp.vec2, b: wp.vec2) -> float:
    """Parameter in [0, 1] of the point of segment a-b nearest to `p`."""
    ab = b - a
    return wp.clamp(wp.dot(ab, p - a) / wp.max(wp.dot(ab, ab), MIN_LENGTH2), 0.0, 1.0)


@wp.func
def segment_distance2(p: wp.vec2, a: wp.vec2, b: wp.vec2) -> float:
    """Squared distance of `p` to segment a-b."""
    d = a + (b - a) * segment_parameter(p, a, b) - p
    return wp.dot(d, d)


@wp.func
def triangle_distance2(p: wp.vec2, t: Triangle) -> float:
    """Squared distance of `p` to the boundary of a triangle."""
    return wp.min(
        wp.min(segment_distance2(p, t.a, t.b), segment_distance2(p, t.a, t.c)), segment_distance2(p, t.b, t.c)
    )


@wp.func
def _segment_distance2_adjoint(p: wp.vec2, a: wp.vec2, b: wp.vec2, g: float) -> wp.mat22:
    """Gradient of `g * segment_distance2` to a and b (rows).

    The nearest point is a stationary point (or an end) of the segment, so its parameter needs no derivative.
    """
    s = segment_parameter(p, a, b)
    d = 2.0 * g * (a + (b - a) * s - p)
    return wp.matrix_from_rows(d * (1.0 - s), d * s)


@wp.func
def triangle_distance2_adjoint(p: wp.vec2, t: Triangle, g: float) -> mat32:
    """Gradient of `g * triangle_distance2` to the corners (rows)."""
    ab = segment_distance2(p, t.a, t.b)
    ac = segment_distance2(p, t.a, t.c)
    bc = segment_distance2(p, t.b, t.c)
    none = wp.vec2(0.0)
    if ab <= ac and ab <= bc:
        g_ab = _segment_distance2_adjoint(p, t.a, t.b, g)
        return wp.matrix_from_rows(g_ab[0], g_ab[1], none)
    if ac <= bc:
        g_ac = _segment_distance2_adjoint(p, t.a, t.c, g)
        return wp.matrix_from_rows(g_ac[0], none, g_ac[1])
    g_bc = _segment_distance2_adjoint(p, t.b, t.c, g)
    return wp.matrix_from_rows(none, g_bc[0], g_bc[1])


@wp.func
def edges(p: wp.vec2, t: Triangle) -> wp.vec3:
    """The three edge functions of `p`, each at the corner opposite to its edge."""
    return wp.vec3(edge(p, t.b, t.c), edge(p, t.c, t.a), edge(p, t.a, t.b))


@wp.func
def barycentric(p: wp.vec2, t: Triangle) -> wp.vec3:
    """Screen-space barycentric coordinates of `p`."""
    return edges(p, t) / t.area


@wp.func
def _owns(a: wp.vec2, b: wp.vec2, area: float) -> bool:
    """Whether points on the edge a->b are the triangle's: it lies right of the edge in the picture, or below it."""
    up = (a[1] - b[1]) * wp.sign(area)
    return up > 0.0 or (up == 0.0 and (b[0] - a[0]) * wp.sign(area) > 0.0)


@wp.func
def covers(t: Triangle, e: wp.vec3) -> bool:
    """Whether a triangle covers the point with edge functions `e`; of two that share an edge, one does."""
    s = e * wp.sign(t.area)
    least = wp.min(s)
    if least != 0.0:
        return least > 0.0
    return (
        (s[0] > 0.0 or _owns(t.b, t.c, t.area))
        and (s[1] > 0.0 or _owns(t.c, t.a, t.area))
        and (s[2] > 0.0 or _owns(t.a, t.b, t.area))
    )


@wp.func
def edge_adjoint(p: wp.vec2, a: wp.vec2, b: wp.vec2, g: float) -> wp.mat22:
    """Gradient of `g * edge` to a and b (rows)."""
    return wp.mat22(g * (p[1] - b[1]), g * (b[0] - p[0]), g * (a[1] - p[1]), g * (p[0] - a[0]))


@wp.func
def barycentric_adjoint(
    p: wp.vec2, a: wp.vec2, b: wp.vec2, c: wp.vec2, area: float, w: wp.vec3, g: wp.vec3
) -> mat32:
    """Gradient to the corners (rows); uses that the three edge functions add up to the area."""
    h = (g - wp.vec3(wp.dot(g, w))) / area
    bc = edge_adjoint(p, b, c, h[0])
    ca = edge_adjoint(p, c, a, h[1])
    ab = edge_adjoint(p, a, b, h[2])
    return wp.matrix_from_rows(ca[1] + ab[0], bc[0] + ab[1], bc[1] + ca[0])


@wp.func
def nearness(z: wp.vec3) -> wp.vec3:
    """Inverse depths, 1 at the nearest corner: perspective knows ratios alone, and tiny worlds do not overflow."""
    return wp.cw_div(wp.vec3(wp.min(z)), z)


@wp.func
def perspective(w: wp.vec3, z: wp.vec3) -> wp.vec3:
    """Barycentric coordinates on the triangle in space, from those on the screen and the corners' depths."""
    t = wp.cw_mul(w, nearness(z))
    return t / wp.max(t[0] + t[1] + t[2], MIN_NEARNESS)


@wp.func
def normalised_adjoint(share: wp.vec3, total: float, least: float, g: wp.vec3) -> wp.vec3:
    """Gradient to t of `share = t / max(total, least)` where `total` is the sum of t."""
    if total > least:
        return (g - wp.vec3(wp.dot(g, share))) / total
    return g / least


@wp.func
def clip(w: wp.vec3) -> wp.vec3:
    """Negative coordinates set to 0, the others scaled to add up to 1."""
    m = wp.max(w, wp.vec3(0.0))
    return m / wp.max(m[0] + m[1] + m[2], 1.0e-5)


@wp.func
def clip_adjoint(w: wp.vec3, g: wp.vec3) -> wp.vec3:
    m = wp.max(w, wp.vec3(0.0))
    h = normalised_adjoint(clip(w), m[0] + m[1] + m[2], 1.0e-5, g)
    return wp.vec3(
        wp.where(w[0] < 0.0, 0.0, h[0]), wp.where(w[1] < 0.0, 0.0, h[1]), wp.where(w[2] < 0.0, 0.0, h[2])
    )
