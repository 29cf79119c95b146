"""Hard rasterization: for each pixel the nearest faces, their depth, barycentric coordinates and distance.

A face counts for a pixel when it covers the pixel's centre or misses it by less than the blur radius. A centre
on an edge that two faces share is covered by the one right of it or below (the top-left rule). Each pixel keeps
the `faces_per_pixel` nearest by (depth, face number), so neither the order of faces nor the number of threads
matters, and no face is ever dropped for want of room. Work is bounded by the faces' bounding boxes.

Same results as PyTorch3D's `rasterize_meshes` (its naive rule), with these differences: it covers no centre
on an edge; barycentric coordinates are divided by the exact area (PyTorch3D adds 1e-8); perspective holds for
depths of any ratio; and adjoints stay finite for slivers and far corners.
"""

import itertools
from typing import Any

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels import triangles as tri
from maquette.kernels.corners import add_corners, picture_pieces
from maquette.kernels.launch import launch, on_compute_device
from maquette.kernels.once import differentiable_once
from maquette.kernels.tiles import Tiles, patch, tiles_for


@wp.func
def _comes_before(z: float, f: int, other_z: float, other_f: int) -> bool:
    return z < other_z or (z == other_z and f < other_f)


@wp.func
def _insert(
    pix_to_face: wp.array4d(dtype=wp.int64),
    zbuf: wp.array4d(dtype=float),
    dists: wp.array4d(dtype=float),
    twin: wp.array(dtype=wp.int64),
    n: int,
    y: int,
    x: int,
    f: int,
    z: float,
    dist: float,
) -> None:
    """Put a face into the pixel's list, which stays sorted by (depth, face number).

    Of two faces that come from clipping one, only the nearer to the pixel (by |dist|) stays.
    """
    slots = pix_to_face.shape[3]
    other = int(-1)
    if twin.shape[0] > 0:
        other = int(twin[f])
    place = int(slots - 1)  # the slot that is freed: the last, or the twin's
    if other >= 0:
        for k in range(slots):
            if int(pix_to_face[n, y, x, k]) == other:
                if wp.abs(dists[n, y, x, k]) <= wp.abs(dist):
                    return
                place = k
                # close the gap, so that the freed slot is the last
                for m in range(k, slots - 1):
                    pix_to_face[n, y, x, m] = pix_to_face[n, y, x, m + 1]
                    zbuf[n, y, x, m] = zbuf[n, y, x, m + 1]
                    dists[n, y, x, m] = dists[n, y, x, m + 1]
                pix_to_face[n, y, x, slots - 1] = wp.int64(-1)
                break
    last = int(pix_to_face[n, y, x, slots - 1])
    if last >= 0 and not _comes_before(z, f, zbuf[n, y, x, slots - 1], last):
        return
    place = slots - 1
    while place > 0:
        before = int(pix_to_face[n, y, x, place - 1])
        if before >= 0 and not _comes_before(z, f, zbuf[n, y, x, place - 1], before):
            break
        pix_to_face[n, y, x, place] = wp.int64(before)
        zbuf[n, y, x, place] = zbuf[n, y, x, place - 1]
        dists[n, y, x, place] = dists[n, y, x, place - 1]
        place -= 1
    pix_to_face[n, y, x, place] = wp.int64(f)
    zbuf[n, y, x, place] = z
    dists[n, y, x, place] = dist


@wp.func
def _shares(w: wp.vec3, z: wp.vec3, perspective_correct: bool, clip_barycentric: bool) -> wp.vec3:
    out = w
    if perspective_correct:
        out = tri.perspective(out, z)
    if clip_barycentric:
        out = tri.clip(out)
    return out


@wp.kernel(enable_backward=False)
def _draw(
    start: int,
    verts: wp.array(dtype=wp.vec3),
    faces: wp.array2d(dtype=wp.int64),
    twin: wp.array(dtype=wp.int64),
    mesh_first: wp.array(dtype=wp.int64),
    mesh_count: wp.array(dtype=wp.int64),
    tile_faces: wp.array(dtype=wp.int32),
    tile_first: wp.array(dtype=wp.int32),
    tile_height: int,
    tile_width: int,
    down: int,
    across: int,
    blur_radius: float,
    perspective_correct: bool,
    clip_barycentric: bool,
    cull_backfaces: bool,
    pix_to_face: wp.array4d(dtype=wp.int64),
    zbuf: wp.array4d(dtype=float),
    dists: wp.array4d(dtype=float),
) -> None:
    item = start + wp.tid()
    tile = patch(item, tile_height, tile_width, down, across, tile_first, mesh_first, mesh_count)
    height = pix_to_face.shape[1]
    width = pix_to_face.shape[2]
    margin = wp.sqrt(blur_radius)
    for j in range(tile.begin, tile.end):
        f = j
        if tile.listed:
            f = tile_faces[j]
        t = tri.triangle(verts, faces, f)
        if not tri.is_visible(wp.min(t.depths), wp.max(t.depths), t.area) or (
            cull_backfaces and t.area < 0.0
        ):
            continue
        low = wp.min(wp.min(t.a, t.b), t.c) - wp.vec2(margin)
        high = wp.max(wp.max(t.a, t.b), t.c) + wp.vec2(margin)
        x_from = wp.max(tri.first_pixel(high[0], width, height), tile.column)
        x_to = wp.min(tri.last_pixel(low[0], width, height), tile.column + tile_width)
        y_from = wp.max(tri.first_pixel(high[1], height, width), tile.row)
        y_to = wp.min(tri.last_pixel(low[1], height, width), tile.row + tile_height)
        for y in range(y_from, y_to):
            py = tri.pixel_to_ndc(y, height, width)
            for x in range(x_from, x_to):
                p = wp.vec2(tri.pixel_to_ndc(x, width, height), py)
                e = tri.edges(p, t)
                inside = tri.covers(t, e)
                if inside or blur_radius > 0.0:
                    w = e / t.area
                    z = wp.dot(_shares(w, t.depths, perspective_correct, clip_barycentric), t.depths)
                    if z >= 0.0 and z < tri.MAX_COORDINATE:
                        dist = tri.triangle_distance2(p, t)
                        if inside:
                            _insert(pix_to_face, zbuf, dists, twin, tile.picture, y, x, f, z, -dist)
                        elif dist < blur_radius:
                            _insert(pix_to_face, zbuf, dists, twin, tile.picture, y, x, f, z, dist)


@wp.kernel(enable_backward=False)
def _locate(
    start: int,
    verts: wp.array(dtype=wp.vec3),
    faces: wp.array2d(dtype=wp.int64),
    perspective_correct: bool,
    clip_barycentric: bool,
    pix_to_face: wp.array4d(dtype=wp.int64),
    bary: wp.array4d(dtype=wp.vec3),
) -> None:
    item = start + wp.tid()
    height = pix_to_face.shape[1]
    width = pix_to_face.shape[2]
    n = item // height
    y = item % height
    for x in range(width):
        p = wp.vec2(tri.pixel_to_ndc(x, width, height), tri.pixel_to_ndc(y, height, width))
        for k in range(pix_to_face.shape[3]):
            f = int(pix_to_face[n, y, x, k])
            if f < 0:
                break
            t = tri.triangle(verts, faces, f)
            bary[n, y, x, k] = _shares(tri.barycentric(p, t), t.depths, perspective_correct, clip_barycentric)


@wp.kernel(enable_backward=False)
def _backward(
    start: int,
    verts: wp.array(dtype=wp.vec3),
    faces: wp.array2d(dtype=wp.int64),
    perspective_correct: bool,
    clip_barycentric: bool,
    pix_to_face: wp.array4d(dtype=wp.int64),
    grad_zbuf: wp.array4d(dtype=float),
    grad_bary: wp.array4d(dtype=wp.vec3),
    grad_dists: wp.array4d(dtype=float),
    rows_a_layer: int,
    corners: wp.array4d(dtype=float),
) -> None:
    item = start + wp.tid()
    height = pix_to_face.shape[1]
    width = pix_to_face.shape[2]
    n = item // height
    y = item % height
    layer = y // rows_a_layer
    for x in range(width):
        p = wp.vec2(tri.pixel_to_ndc(x, width, height), tri.pixel_to_ndc(y, height, width))
        for k in range(pix_to_face.shape[3]):
            f = int(pix_to_face[n, y, x, k])
            if f < 0:
                break
            g_z = grad_zbuf[n, y, x, k]
            g_d = grad_dists[n, y, x, k]
            g = grad_bary[n, y, x, k]
            if g_z == 0.0 and g_d == 0.0 and g[0] == 0.0 and g[1] == 0.0 and g[2] == 0.0:
                continue
            t = tri.triangle(verts, faces, f)
            e = tri.edges(p, t)
            w = e / t.area
            in_space = w
            if perspective_correct:
                in_space = tri.perspective(w, t.depths)
            share = in_space
            if clip_barycentric:
                share = tri.clip(in_space)
            g_depths = share * g_z
            g = g + t.depths * g_z
            if clip_barycentric:
                g = tri.clip_adjoint(in_space, g)
            if perspective_correct:
                # the coordinates do not change when all depths grow alike, so the nearest counts as constant
                near = tri.nearness(t.depths)
                s = wp.cw_mul(w, near)
                h = tri.normalised_adjoint(in_space, s[0] + s[1] + s[2], tri.MIN_NEARNESS, g)
                g = wp.cw_mul(h, near)
                g_depths -= wp.cw_div(wp.cw_mul(g, w), t.depths)
            if tri.covers(t, e):
                g_d = -g_d
            g_corners = tri.barycentric_adjoint(p, t.a, t.b, t.c, t.area, w, g)
            g_corners += tri.triangle_distance2_adjoint(p, t, g_d)
            for i in range(3):
                wp.atomic_add(corners, layer, f, i, 0, g_corners[i, 0])
                wp.atomic_add(corners, layer, f, i, 1, g_corners[i, 1])
                wp.atomic_add(corners, layer, f, i, 2, g_depths[i])


class _Rasterize(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        verts: Tensor,
        faces: Tensor,
        twin: Tensor,
        mesh_first: Tensor,
        mesh_count: Tensor,
        tiles: Tiles,
        image_size: tuple[int, int],
        slots: int,
        blur_radius: float,
        flags: tuple[bool, bool, bool],
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        shape = (len(mesh_first), *image_size, slots)
        device = verts.device
        pix_to_face = torch.full(shape, -1, dtype=torch.int64, device=device)
        zbuf, dists = verts.new_full((2, *shape), -1.0)
        bary = verts.new_full((*shape, 3), -1.0)
        grid = [tiles.faces, tiles.first, tiles.height, tiles.width, tiles.down, tiles.across]
        drawn = [*grid, blur_radius, *flags, pix_to_face, zbuf, dists]
        if slots > 0:
            items = [verts, faces, twin, mesh_first, mesh_count, *drawn]
            launch(_draw, tiles.count, items, device, tiles.pieces)
        launch(_locate, shape[0] * shape[1], [verts, faces, *flags[:2], pix_to_face, bary], device)
        ctx.save_for_backward(verts, faces, mesh_first, mesh_count, pix_to_face)
        ctx.flags = flags
        ctx.mark_non_differentiable(pix_to_face)
        return pix_to_face, zbuf, bary, dists

    @staticmethod
    @differentiable_once
    def backward(
        ctx: Any, _: Tensor, grad_zbuf: Tensor, grad_bary: Tensor, grad_dists: Tensor
    ) -> tuple[Tensor | None, ...]:
        verts, faces, mesh_first, mesh_count, pix_to_face = ctx.saved_tensors
        pictures, height = pix_to_face.shape[:2]
        # On a CPU one thread takes whole pictures, or a band of each: bands add up in layers of their own.
        bands = 1
        if verts.device.type == "cpu" and pictures < torch.get_num_threads():
            bands = min(height, torch.get_num_threads())
        band = -(-height // bands)
        corners = verts.new_zeros(bands, len(faces), 3, 3)
        grads = [grad_zbuf.contiguous(), grad_bary.contiguous(), grad_dists.contiguous()]
        inputs = [verts, faces, *ctx.flags[:2], pix_to_face, *grads, band, corners]
        pieces = _row_pieces(pictures, height, bands, band)
        launch(_backward, pictures * height, inputs, verts.device, pieces)
        faces_apart = picture_pieces(mesh_first, mesh_count)
        return add_corners(corners, faces, len(verts), faces_apart), *[None] * 9


def _row_pieces(pictures: int, height: int, bands: int, band: int) -> list[tuple[int, int]]:
    """Row ranges that share no face within a layer: whole pictures, or bands of each."""
    if bands == 1:
        threads = max(1, min(pictures, torch.get_num_threads()))
        cuts = [pictures * i // threads * height for i in range(threads + 1)]
        return list(itertools.pairwise(cuts))
    rows = [(i * band, min((i + 1) * band, height)) for i in range(bands)]
    return [(n * height + first, n * height + stop) for n in range(pictures) for first, stop in rows]


@on_compute_device
def rasterize(
    verts: Float[Tensor, "vert 3"],
    faces: Int[Tensor, "face 3"],
    mesh_first: Int[Tensor, " mesh"],
    mesh_count: Int[Tensor, " mesh"],
    face_to_mesh: Int[Tensor, " face"],
    image_size: tuple[int, int],
    blur_radius: float = 0.0,
    faces_per_pixel: int = 1,
    perspective_correct: bool = False,
    clip_barycentric: bool = False,
    cull_backfaces: bool = False,
    twin: Int[Tensor, " face"] | None = None,
    tiles: Tiles | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The `faces_per_pixel` nearest faces of every pixel, differentiable with respect to the vertices.

    Args:
        verts: packed vertices: NDC x and y, view-space depth z; meshes share no vertex.
        faces: packed faces, indices into `verts`.
        mesh_first: first face of each mesh; the meshes' faces follow one another.
        mesh_count: number of faces of each mesh.
        face_to_mesh: mesh of each face.
        image_size: (height, width) in pixels.
        blur_radius: squared NDC distance up to which a face reaches beyond its outline.
        faces_per_pixel: how many faces a pixel keeps.
        perspective_correct: barycentric coordinates in space instead of on the screen.
        clip_barycentric: negative barycentric coordinates set to 0, the others scaled to add up to 1.
        cull_backfaces: leave out faces seen from behind (negative area).
        twin: for a face that clipping cut in two, the other half's number, else -1; None when none is cut.
        tiles: how to share out the work; chosen by the device when None.

    Returns:
        pix_to_face (mesh, height, width, slot) int64, numbers into `faces`, -1 where there is none; zbuf
        likewise, view-space depth; bary (..., 3); dists, squared NDC distance to the outline, negative
        inside. Unused entries are -1.
    """
    verts, faces = verts.float().contiguous(), faces.contiguous()
    if tiles is None:
        tiles = tiles_for(verts, faces, face_to_mesh, len(mesh_first), image_size, blur_radius)
    if twin is None:
        twin = torch.empty(0, dtype=torch.int64, device=verts.device)
    flags = (perspective_correct, clip_barycentric, cull_backfaces)
    grid = (tiles, image_size, faces_per_pixel)
    return _Rasterize.apply(verts, faces, twin, mesh_first, mesh_count, *grid, blur_radius, flags)
