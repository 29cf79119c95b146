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

from typing import Any

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels import silhouette_rows as rows
from maquette.kernels import triangles as tri
from maquette.kernels.corners import add_corners, picture_pieces
from maquette.kernels.launch import launch, on_compute_device
from maquette.kernels.once import differentiable_once
from maquette.kernels.tiles import Tiles, patch, tiles_for

_LEAST_BLUR = 1e-10  # both faces of an edge count for a pixel on it: no rounding leaves it clear


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
) -> None:
    item = start + wp.tid()
    tile = patch(item, tile_height, tile_width, down, across, tile_first, mesh_first, mesh_count)
    height = odds.shape[1]
    width = odds.shape[2]
    pixels = rows.raster(height, width, sigma, blur_radius)
    for j in range(tile.begin, tile.end):
        f = j
        if tile.listed:
            f = tile_faces[j]
        face = rows.outline(verts, faces, f)
        if not face.visible:
            continue
        low = rows.first_corner(face, blur_radius)
        high = rows.last_corner(face, blur_radius)
        x_from = wp.max(tri.first_pixel(high[0], width, height), tile.column)
        x_to = wp.min(tri.last_pixel(low[0], width, height), tile.column + tile_width)
        y_from = wp.max(tri.first_pixel(high[1], height, width), tile.row)
        y_to = wp.min(tri.last_pixel(low[1], height, width), tile.row + tile_height)
        for y in range(y_from, y_to):
            rows.accumulate_row(face, pixels, odds, tile.picture, y, x_from, x_to)


@wp.func
def _in_plane(u: wp.vec2, along: float, across: float) -> wp.vec2:
    """The vector with the given parts along direction `u` and across it, to its right."""
    return u * along + wp.vec2(u[1], -u[0]) * across


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
) -> None:
    f = start + wp.tid()
    n = int(face_to_mesh[f])
    height = weight.shape[1]
    width = weight.shape[2]
    face = rows.outline(verts, faces, f)
    if not face.visible:
        return
    low = rows.first_corner(face, blur_radius)
    high = rows.last_corner(face, blur_radius)
    sums = rows.differentiate(
        face,
        rows.raster(height, width, sigma, blur_radius),
        weight,
        n,
        tri.first_pixel(high[1], height, width),
        tri.last_pixel(low[1], height, width),
        tri.first_pixel(high[0], width, height),
        tri.last_pixel(low[0], width, height),
    )
    at_ab = _in_plane(face.u, sums[0, 0], sums[0, 1])
    at_bc = _in_plane(face.v, sums[1, 0], sums[1, 1])
    at_ca = _in_plane(face.w, sums[2, 0], sums[2, 1])
    along_ab = _in_plane(face.u, sums[0, 2], sums[0, 3]) / face.lengths[0]
    along_bc = _in_plane(face.v, sums[1, 2], sums[1, 3]) / face.lengths[1]
    along_ca = _in_plane(face.w, sums[2, 2], sums[2, 3]) / face.lengths[2]
    grad_a = at_ab - along_ab + along_ca
    grad_b = at_bc - along_bc + along_ab
    grad_c = at_ca - along_ca + along_bc
    for k in range(2):
        corners[0, f, 0, k] = grad_a[k]
        corners[0, f, 1, k] = wp.where(face.turned, grad_c[k], grad_b[k])
        corners[0, f, 2, k] = wp.where(face.turned, grad_b[k], grad_c[k])


class _SoftSilhouette(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        verts: Tensor,
        faces: Tensor,
        mesh_first: Tensor,
        mesh_count: Tensor,
        face_to_mesh: Tensor,
        tiles: Tiles,
        image_size: tuple[int, int],
        sigma: float,
        blur_radius: float,
    ) -> Tensor:
        odds = verts.new_zeros(len(mesh_first), *image_size)
        grid = [tiles.faces, tiles.first, tiles.height, tiles.width, tiles.down, tiles.across]
        inputs = [verts, faces, mesh_first, mesh_count, *grid, sigma, blur_radius, odds]
        launch(_accumulate, tiles.count, inputs, verts.device, tiles.pieces)
        ctx.save_for_backward(verts, faces, face_to_mesh, mesh_first, mesh_count, odds)
        ctx.sigma, ctx.blur_radius = sigma, blur_radius
        return torch.where(odds < rows.FULL, odds / (1 + odds), 1.0)

    @staticmethod
    @differentiable_once
    def backward(ctx: Any, grad_alpha: Tensor) -> tuple[Tensor | None, ...]:
        verts, faces, face_to_mesh, mesh_first, mesh_count, odds = ctx.saved_tensors
        corners = verts.new_zeros(1, len(faces), 3, 3)
        # d alpha / d x_j = sigmoid(x_j) / (1 + q), and d |d|^2 / d corner is -2 d times the corner's share
        weight = torch.where(odds < rows.FULL, grad_alpha / (1 + odds), 0.0) * (-2 / ctx.sigma)
        inputs = [verts, faces, face_to_mesh, ctx.sigma, ctx.blur_radius, weight, corners]
        launch(_backward, len(faces), inputs, verts.device)
        pieces = picture_pieces(mesh_first, mesh_count)
        return add_corners(corners, faces, len(verts), pieces), *[None] * 8


@on_compute_device
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
    blur_radius = max(blur_radius, _LEAST_BLUR)
    if tiles is None:
        tiles = tiles_for(verts, faces, face_to_mesh, len(mesh_first), image_size, blur_radius)
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
