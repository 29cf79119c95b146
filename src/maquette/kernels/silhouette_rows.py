"""The inner loops of the soft silhouette: one face against eight neighbouring pixels of a row at a time.

They are written in C++, which Warp passes on to its compilers: a loop of fixed length without branches becomes
vector instructions on a CPU, five times faster than pixel by pixel. Pixels beyond the face's box are neither
read nor written. Warp turns `float(x)` into a function of its own, so casts are written `(float)(x)`.
"""

import warp as wp

from maquette.kernels import triangles as tri

FULL = wp.constant(16777216.0)
Sums = wp.types.matrix(shape=(3, 4), dtype=float)


@wp.struct
class Outline:
    """A visible face, turned so that its corners run counter-clockwise.

    a, b, c: corners. u, v, w: directions of the edges ab, bc, ca; lengths: theirs. turned: b and c were swapped.
    """

    a: wp.vec2
    b: wp.vec2
    c: wp.vec2
    u: wp.vec2
    v: wp.vec2
    w: wp.vec2
    lengths: wp.vec3
    turned: bool
    visible: bool


@wp.struct
class Raster:
    """Where the pixels are, (x0 - column * step, y0 - row * step), and how the silhouette is softened."""

    x0: float
    y0: float
    step: float
    inverse_sigma: float
    blur_radius: float


@wp.func
def outline(verts: wp.array(dtype=wp.vec3), faces: wp.array2d(dtype=wp.int64), f: int) -> Outline:
    """The outline of face `f`."""
    out = Outline()
    v0 = verts[int(faces[f, 0])]
    v1 = verts[int(faces[f, 1])]
    v2 = verts[int(faces[f, 2])]
    area = tri.edge(tri.xy(v2), tri.xy(v0), tri.xy(v1))
    near = wp.min(wp.min(v0[2], v1[2]), v2[2])
    far = wp.max(wp.max(v0[2], v1[2]), v2[2])
    out.visible = tri.is_visible(near, far, area)
    out.turned = area < 0.0
    out.a = tri.xy(v0)
    out.b = tri.xy(wp.where(out.turned, v2, v1))
    out.c = tri.xy(wp.where(out.turned, v1, v2))
    ab = out.b - out.a
    bc = out.c - out.b
    ca = out.a - out.c
    out.lengths = wp.vec3(
        wp.max(wp.length(ab), tri.MIN_LENGTH),
        wp.max(wp.length(bc), tri.MIN_LENGTH),
        wp.max(wp.length(ca), tri.MIN_LENGTH),
    )
    out.u = ab / out.lengths[0]
    out.v = bc / out.lengths[1]
    out.w = ca / out.lengths[2]
    return out


@wp.func
def raster(height: int, width: int, sigma: float, blur_radius: float) -> Raster:
    """The pixels of a picture."""
    out = Raster()
    out.x0 = tri.pixel_to_ndc(0, width, height)
    out.y0 = tri.pixel_to_ndc(0, height, width)
    out.step = out.x0 - tri.pixel_to_ndc(1, width, height)
    out.inverse_sigma = 1.0 / sigma
    out.blur_radius = blur_radius
    return out


@wp.func
def first_corner(o: Outline, blur_radius: float) -> wp.vec2:
    """Smallest x and y that the face reaches."""
    return wp.min(wp.min(o.a, o.b), o.c) - wp.vec2(wp.sqrt(blur_radius))


@wp.func
def last_corner(o: Outline, blur_radius: float) -> wp.vec2:
    """Largest x and y that the face reaches."""
    return wp.max(wp.max(o.a, o.b), o.c) + wp.vec2(wp.sqrt(blur_radius))


# For pixel x + k of row y: height h over each edge's line (positive inside), position t along it, how far past
# an end of it o; the squared distance to the outline d2, and e = exp(EXPONENT), accurate to 3e-7, by splitting
# off the power of two that goes into a float's exponent bits. Then STATEMENTS.
_EIGHT_PIXELS = """
    for (int k = 0; k < 8; ++k) {
        const float p_x = raster.x0 - (float)(x + k) * raster.step;
        const float a_x = p_x - o.a[0], b_x = p_x - o.b[0], c_x = p_x - o.c[0];
        const float a_y = p_y - o.a[1], b_y = p_y - o.b[1], c_y = p_y - o.c[1];
        const float h_ab = a_x * o.u[1] - a_y * o.u[0];
        const float h_bc = b_x * o.v[1] - b_y * o.v[0];
        const float h_ca = c_x * o.w[1] - c_y * o.w[0];
        const float t_ab = a_x * o.u[0] + a_y * o.u[1];
        const float t_bc = b_x * o.v[0] + b_y * o.v[1];
        const float t_ca = c_x * o.w[0] + c_y * o.w[1];
        const float o_ab = t_ab > o.lengths[0] ? t_ab - o.lengths[0] : (t_ab < 0.0f ? t_ab : 0.0f);
        const float o_bc = t_bc > o.lengths[1] ? t_bc - o.lengths[1] : (t_bc < 0.0f ? t_bc : 0.0f);
        const float o_ca = t_ca > o.lengths[2] ? t_ca - o.lengths[2] : (t_ca < 0.0f ? t_ca : 0.0f);
        const float d2_ab = h_ab * h_ab + o_ab * o_ab;
        const float d2_bc = h_bc * h_bc + o_bc * o_bc;
        const float d2_ca = h_ca * h_ca + o_ca * o_ca;
        const float d2_least = d2_ab < d2_bc ? d2_ab : d2_bc;
        const float d2 = d2_ca < d2_least ? d2_ca : d2_least;
        const float h_least = h_ab < h_bc ? h_ab : h_bc;
        const bool inside = (h_ca < h_least ? h_ca : h_least) > 0.0f;
        const bool counts = (x + k < x_to) & (inside | (d2 < raster.blur_radius));
        const float scaled = d2 * raster.inverse_sigma;
        const float away = scaled < 60.0f ? scaled : 60.0f;
        const float binary = (EXPONENT) * 1.44269504f;
        union { float real; int bits; } whole, e;
        whole.real = binary + 12582912.0f;
        const float rest = binary - (whole.real - 12582912.0f);
        const float cubic = 0.05550411f + rest * (0.00961813f + rest * 0.00133336f);
        e.real = 1.0f + rest * (0.69314718f + rest * (0.24022651f + rest * cubic));
        e.bits += (int)((unsigned)whole.bits << 23);
        STATEMENTS
    }
"""


def _eight_pixels(exponent: str, statements: str) -> str:
    return _EIGHT_PIXELS.replace("EXPONENT", exponent).replace("STATEMENTS", statements)


_ACCUMULATE = """
    const float p_y = raster.y0 - (float)(y) * raster.step;
    float* q = odds.data + (size_t)(n * odds.shape[1] + y) * odds.shape[2];
    for (int x = x_from; x < x_to; x += 8) {
""" + _eight_pixels(
    "inside ? away : -away",
    """
        if (counts) {
            if (q[x + k] < FULL) q[x + k] += e.real + q[x + k] * e.real;
        }
    """.replace("FULL", f"{FULL}f"),
) + "}"  # fmt: skip


@wp.func_native(snippet=_ACCUMULATE)
def accumulate_row(
    o: Outline, raster: Raster, odds: wp.array3d(dtype=float), n: int, y: int, x_from: int, x_to: int
) -> None:
    """Let one face hide pixels x_from to x_to of row y: q becomes (1 + q) (1 + e) - 1 where q is below `FULL`."""
    ...


_EDGES = ("ab", "bc", "ca")
_PARTS = ("along", "across", "along_t", "across_t")
_SUMS = [f"{part}_{edge}" for edge in _EDGES for part in _PARTS]
_ADD = "".join(
    f"""
        along_{edge}[k] += s_{edge} * o_{edge};
        across_{edge}[k] += s_{edge} * h_{edge};
        along_t_{edge}[k] += s_{edge} * o_{edge} * (t_{edge} - o_{edge});
        across_t_{edge}[k] += s_{edge} * h_{edge} * (t_{edge} - o_{edge});"""
    for edge in _EDGES
)
_DIFFERENTIATE = (
    f"float {', '.join(f'{name}[8] = {{}}' for name in _SUMS)};"
    """
    for (int y = y_from; y < y_to; ++y) {
    const float p_y = raster.y0 - (float)(y) * raster.step;
    const float* g = weight.data + (size_t)(n * weight.shape[1] + y) * weight.shape[2];
    for (int x = x_from; x < x_to; x += 8) {
    """
    + _eight_pixels(
        "-away",
        """
        const float g_in = (counts ? g[x + k] : 0.0f) / (1.0f + e.real);
        const float s = inside ? g_in : -g_in * e.real;
        const bool is_ab = d2_ab == d2;
        const bool is_bc = !is_ab & (d2_bc == d2);
        const float s_ab = is_ab ? s : 0.0f;
        const float s_bc = is_bc ? s : 0.0f;
        const float s_ca = (is_ab | is_bc) ? 0.0f : s;
        """
        + _ADD,
    )
    + """
    } }
    wp::mat_t<3, 4, float> sums;
    for (int k = 0; k < 8; ++k) {
    """
    + "".join(f"sums.data[{i // 4}][{i % 4}] += {name}[k]; " for i, name in enumerate(_SUMS))
    + "} return sums;"
)


@wp.func_native(snippet=_DIFFERENTIATE)
def differentiate(
    o: Outline,
    raster: Raster,
    weight: wp.array3d(dtype=float),
    n: int,
    y_from: int,
    y_to: int,
    x_from: int,
    x_to: int,
) -> Sums:
    """Sums over the pixels of a box, for each edge as a row, of s times four things.

    s is a pixel's weight times the derivative of its exponent's softplus, at the edge nearest to it and 0 at
    others. The four: the nearest point's distance to the pixel along and across the edge, and both times the
    nearest point's position on the edge.
    """
    ...
