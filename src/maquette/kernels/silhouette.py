"""Soft silhouettes in one pass, without a buffer of faces per pixel.

A face j that covers a pixel, or misses it by less than the blur radius, makes it opaque with probability
sigmoid(x_j), x_j = +d^2 / sigma inside and -d^2 / sigma outside, d the distance in NDC to the face's outline
(Liu et al. 2019, "Soft Rasterizer"). The pixel stays clear when no face hides it:

    alpha = 1 - prod_j (1 - sigmoid(x_j)) = 1 - exp(-sum_j softplus(x_j)) = 1 - 1 / prod_j (1 + exp(x_j))

The kernel keeps q = prod_j (1 + exp(x_j)) - 1 for each pixel, which needs one exponential a face and no
logarithm; alpha = q / (1 + q). The product does not depend on the order of the faces, and every face within
the blur radius counts, where PyTorch3D keeps the `faces_per_pixel` nearest. Once q reaches 2^24, alpha is 1
in float32 and its derivative less than the rounding of 1: such a pixel is full and neither pass looks at it
again.
"""

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels import triangles as tri
from maquette.kernels.corners import add_corners, picture_pieces
from maquette.kernels.launch import launch
from maquette.kernels.tiles import Tiles, binned_tiles, whole_tiles

_FULL = wp.constant(16777216.0)
_MAX_EXPONENT = wp.constant(60.0)


@wp.func
def _clamp(t: float, length: float) -> float:
    # plain comparisons: Warp's min and max also look for NaN, which costs a third of the whole pass
    return wp.where(t < 0.0, 0.0, wp.where(t < length, t, length))


@wp.func
def _least(x: float, y: float, z: float) -> float:
    m = wp.where(x < y, x, y)
    return wp.where(m < z, m, z)


@wp.func
def _distance2(p: wp.vec2, a: wp.vec2, u: wp.vec2, length: float) -> float:
    """Squared distance of `p` to the edge of the given length that leaves `a` in direction `u`."""
    d = p - a
    height = d[0] * u[1] - d[1] * u[0]
    along = d[0] * u[0] + d[1] * u[1]
    past = along - _clamp(along, length)
    return height * height + past * past


@wp.func
def _is_inside(p: wp.vec2, a: wp.vec2, b: wp.vec2, c: wp.vec2, u: wp.vec2, v: wp.vec2, w: wp.vec2) -> bool:
    """Whether `p` is on the same side, as seen along its direction, of the three edges."""
    h0 = (p[0] - a[0]) * u[1] - (p[1] - a[1]) * u[0]
    h1 = (p[0] - b[0]) * v[1] - (p[1] - b[1]) * v[0]
    h2 = (p[0] - c[0]) * w[1] - (p[1] - c[1]) * w[0]
    return _least(h0, h1, h2) > 0.0


@wp.kernel(enable_backward=False)
def _accumulate(
    start: int,
    verts: wp.array(dtype=wp.vec3),
    faces: wp.array2d(dtype=wp.int64),
    mesh_first: wp.array(dtype=wp.int64),
    mesh_count: wp.array(dtype=wp.int64),
    tile_faces: wp.array(dtype=wp.int32),
    tile_first: wp.array(dtype=wp.int32),
    tile_height: int,
    tile_width: int,
    down: int,
    across: int,
    sigma: float,
    blur_radius: float,
    odds: wp.array3d(dtype=float),
):
    item = start + wp.tid()
    n = item // (down * across)
    row0 = (item // across) % down * tile_height
    column0 = item % across * tile_width
    height = odds.shape[1]
    width = odds.shape[2]
    margin = wp.sqrt(blur_radius)
    px0 = tri.pixel_to_ndc(0, width, height)
    py0 = tri.pixel_to_ndc(0, height, width)
    step = px0 - tri.pixel_to_ndc(1, width, height)
    inverse_sigma = 1.0 / sigma
    listed = tile_first.shape[0] > 0
    begin = int(0)
    end = int(0)
    if listed:
        begin = tile_first[item]
        end = tile_first[item + 1]
    else:
        begin = int(mesh_first[n])
        end = begin + int(mesh_count[n])
    for j in range(begin, end):
        f = j
        if listed:
            f = tile_faces[j]
        v0 = verts[int(faces[f, 0])]
        v1 = verts[int(faces[f, 1])]
        v2 = verts[int(faces[f, 2])]
        a = tri.xy(v0)
        area = tri.edge(tri.xy(v2), a, tri.xy(v1))
        if not tri.is_visible(v0, v1, v2, area):
            continue
        b = tri.xy(wp.where(area > 0.0, v1, v2))
        c = tri.xy(wp.where(area > 0.0, v2, v1))
        l_ab = wp.length(b - a)
        l_bc = wp.length(c - b)
        l_ca = wp.length(a - c)
        u = (b - a) / wp.max(l_ab, tri.MIN_LENGTH)
        v = (c - b) / wp.max(l_bc, tri.MIN_LENGTH)
        w = (a - c) / wp.max(l_ca, tri.MIN_LENGTH)
        low = wp.min(wp.min(a, b), c) - wp.vec2(margin)
        high = wp.max(wp.max(a, b), c) + wp.vec2(margin)
        x_from = wp.max(tri.first_pixel(high[0], width, height), column0)
        x_to = wp.min(tri.last_pixel(low[0], width, height), column0 + tile_width)
        y_from = wp.max(tri.first_pixel(high[1], height, width), row0)
        y_to = wp.min(tri.last_pixel(low[1], height, width), row0 + tile_height)
        for y in range(y_from, y_to):
            py = py0 - float(y) * step
            for x in range(x_from, x_to):
                p = wp.vec2(px0 - float(x) * step, py)
                q = odds[n, y, x]
                d2_ab = _distance2(p, a, u, l_ab)
                d2_bc = _distance2(p, b, v, l_bc)
                d2_ca = _distance2(p, c, w, l_ca)
                d2 = _least(d2_ab, d2_bc, d2_ca)
                inside = _is_inside(p, a, b, c, u, v, w)
                if (inside or d2 < blur_radius) and q < _FULL:
                    x_j = _clamp(d2 * inverse_sigma, _MAX_EXPONENT)
                    e = wp.exp(wp.where(inside, x_j, -x_j))
                    odds[n, y, x] = q + e + q * e


@wp.kernel(enable_backward=False)
def _backward(
    start: int,
    verts: wp.array(dtype=wp.vec3),
    faces: wp.array2d(dtype=wp.int64),
    face_to_mesh: wp.array(dtype=wp.int64),
    sigma: float,
    blur_radius: float,
    weight: wp.array3d(dtype=float),
    corners: wp.array4d(dtype=float),
):
    f = start + wp.tid()
    n = int(face_to_mesh[f])
    height = weight.shape[1]
    width = weight.shape[2]
    margin = wp.sqrt(blur_radius)
    px0 = tri.pixel_to_ndc(0, width, height)
    py0 = tri.pixel_to_ndc(0, height, width)
    step = px0 - tri.pixel_to_ndc(1, width, height)
    inverse_sigma = 1.0 / sigma
    v0 = verts[int(faces[f, 0])]
    v1 = verts[int(faces[f, 1])]
    v2 = verts[int(faces[f, 2])]
    a = tri.xy(v0)
    area = tri.edge(tri.xy(v2), a, tri.xy(v1))
    if not tri.is_visible(v0, v1, v2, area):
        return
    b = tri.xy(wp.where(area > 0.0, v1, v2))
    c = tri.xy(wp.where(area > 0.0, v2, v1))
    l_ab = wp.max(wp.length(b - a), tri.MIN_LENGTH)
    l_bc = wp.max(wp.length(c - b), tri.MIN_LENGTH)
    l_ca = wp.max(wp.length(a - c), tri.MIN_LENGTH)
    u = (b - a) / l_ab
    v = (c - b) / l_bc
    w = (a - c) / l_ca
    low = wp.min(wp.min(a, b), c) - wp.vec2(margin)
    high = wp.max(wp.max(a, b), c) + wp.vec2(margin)
    at_ab = wp.vec2(0.0)
    at_bc = wp.vec2(0.0)
    at_ca = wp.vec2(0.0)
    along_ab = wp.vec2(0.0)
    along_bc = wp.vec2(0.0)
    along_ca = wp.vec2(0.0)
    for y in range(tri.first_pixel(high[1], height, width), tri.last_pixel(low[1], height, width)):
        py = py0 - float(y) * step
        for x in range(tri.first_pixel(high[0], width, height), tri.last_pixel(low[0], width, height)):
            g = weight[n, y, x]
            p = wp.vec2(px0 - float(x) * step, py)
            t_ab = _clamp(wp.dot(p - a, u), l_ab)
            t_bc = _clamp(wp.dot(p - b, v), l_bc)
            t_ca = _clamp(wp.dot(p - c, w), l_ca)
            d_ab = p - a - u * t_ab
            d_bc = p - b - v * t_bc
            d_ca = p - c - w * t_ca
            d2_ab = wp.dot(d_ab, d_ab)
            d2_bc = wp.dot(d_bc, d_bc)
            d2_ca = wp.dot(d_ca, d_ca)
            d2 = _least(d2_ab, d2_bc, d2_ca)
            inside = _is_inside(p, a, b, c, u, v, w)
            if (inside or d2 < blur_radius) and g != 0.0:
                x_j = _clamp(d2 * inverse_sigma, _MAX_EXPONENT)
                e = wp.exp(-x_j)
                s = g / (1.0 + e)
                s = wp.where(inside, s, -s * e)
                s_ab = wp.where(d2_ab == d2, s, 0.0)
                s_bc = wp.where(d2_bc == d2 and d2_ab != d2, s, 0.0)
                s_ca = s - s_ab - s_bc
                at_ab += d_ab * s_ab
                at_bc += d_bc * s_bc
                at_ca += d_ca * s_ca
                along_ab += d_ab * (s_ab * t_ab)
                along_bc += d_bc * (s_bc * t_bc)
                along_ca += d_ca * (s_ca * t_ca)
    along_ab /= l_ab
    along_bc /= l_bc
    along_ca /= l_ca
    grad_a = at_ab - along_ab + along_ca
    grad_b = at_bc - along_bc + along_ab
    grad_c = at_ca - along_ca + along_bc
    for k in range(2):
        corners[0, f, 0, k] = grad_a[k]
        corners[0, f, 1, k] = wp.where(area > 0.0, grad_b[k], grad_c[k])
        corners[0, f, 2, k] = wp.where(area > 0.0, grad_c[k], grad_b[k])


class _SoftSilhouette(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx, verts, faces, mesh_first, mesh_count, face_to_mesh, tiles, image_size, sigma, blur_radius
    ):
        odds = torch.zeros(len(mesh_first), *image_size, device=verts.device)
        grid = [tiles.faces, tiles.first, tiles.height, tiles.width, tiles.down, tiles.across]
        inputs = [verts, faces, mesh_first, mesh_count, *grid, sigma, blur_radius, odds]
        launch(_accumulate, tiles.count, inputs, verts.device, tiles.pieces)
        ctx.save_for_backward(verts, faces, face_to_mesh, mesh_first, mesh_count, odds)
        ctx.sigma, ctx.blur_radius = sigma, blur_radius
        return torch.where(odds < _FULL, odds / (1 + odds), 1.0)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad_alpha):
        verts, faces, face_to_mesh, mesh_first, mesh_count, odds = ctx.saved_tensors
        corners = torch.zeros(1, len(faces), 3, 3, device=verts.device)
        # d alpha / d x_j = sigmoid(x_j) / (1 + q), and d |d|^2 / d corner is -2 d times the corner's share
        weight = torch.where(odds < _FULL, grad_alpha / (1 + odds), 0.0) * (-2 / ctx.sigma)
        inputs = [verts, faces, face_to_mesh, ctx.sigma, ctx.blur_radius, weight, corners]
        launch(_backward, len(faces), inputs, verts.device)
        pieces = picture_pieces(mesh_first, mesh_count)
        return add_corners(corners, faces, len(verts), pieces), *[None] * 8


def soft_silhouette(
    verts: Float[Tensor, "vert 3"],
    faces: Int[Tensor, "face 3"],
    mesh_first: Int[Tensor, " mesh"],
    mesh_count: Int[Tensor, " mesh"],
    face_to_mesh: Int[Tensor, " face"],
    image_size: tuple[int, int],
    sigma: float,
    blur_radius: float,
    tiles: Tiles | None = None,
) -> Float[Tensor, "mesh height width"]:
    """Opacity of each mesh's picture, differentiable with respect to the vertices' x and y.

    Args:
        verts: packed vertices: NDC x and y, view-space depth z; meshes share no vertex.
        faces: packed faces, indices into `verts`.
        mesh_first: first face of each mesh; the meshes' faces follow one another.
        mesh_count: number of faces of each mesh.
        face_to_mesh: mesh of each face.
        image_size: (height, width) in pixels.
        sigma: softness, a squared NDC length.
        blur_radius: squared NDC distance up to which a face reaches beyond its outline.
        tiles: how to share out the work; chosen by the device when None.

    Returns:
        alpha in [0, 1]. Faces behind the camera, without area or with non-finite corners do not count.
    """
    verts = verts.float().contiguous()
    if tiles is None and verts.device.type == "cuda":
        margin = blur_radius**0.5
        tiles = binned_tiles(verts, faces, face_to_mesh, len(mesh_first), image_size, margin)
    elif tiles is None:
        tiles = whole_tiles(len(mesh_first), image_size, verts.device)
    args = (
        verts,
        faces.contiguous(),
        mesh_first,
        mesh_count,
        face_to_mesh,
        tiles,
        image_size,
        sigma,
        blur_radius,
    )
    return _SoftSilhouette.apply(*args)
