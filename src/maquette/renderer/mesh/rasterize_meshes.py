"""Meshes in NDC to the faces that each pixel sees."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.rasterize import rasterize
from maquette.renderer.mesh.clip import (
    ClipFrustum,
    clip_faces,
    convert_clipped_rasterization_to_original_faces,
)
from maquette.renderer.mesh.packed import pack_clipped, pack_meshes
from maquette.renderer.utils import parse_image_size
from maquette.structures.meshes import Meshes

_MOST_BINS = 22
_LEAST_AREA = 1e-8


def rasterize_meshes(
    meshes: Meshes,
    image_size: int | list[int] | tuple[int, int] = 256,
    blur_radius: float = 0.0,
    faces_per_pixel: int = 8,
    bin_size: int | None = None,
    max_faces_per_bin: int | None = None,
    perspective_correct: bool = False,
    clip_barycentric_coords: bool = False,
    cull_backfaces: bool = False,
    z_clip_value: float | None = None,
    cull_to_frustum: bool = False,
) -> tuple[
    Int[Tensor, "mesh height width slot"],
    Float[Tensor, "mesh height width slot"],
    Float[Tensor, "mesh height width slot 3"],
    Float[Tensor, "mesh height width slot"],
]:
    """The nearest faces of each pixel of one picture a mesh.

    Args:
        meshes: N meshes whose vertices are in NDC (x left, y up, the shorter side of the picture spans
            [-1, 1]), with z the view depth.
        image_size: pixels of a square picture, or (height, width).
        blur_radius: squared NDC distance up to which a face reaches beyond its outline.
        faces_per_pixel: how many faces a pixel keeps, nearest in depth first.
        bin_size, max_faces_per_bin: accepted and checked as PyTorch3D does; without effect, since no face is
            ever dropped here.
        perspective_correct: barycentric coordinates in space instead of on the screen.
        clip_barycentric_coords: move barycentric coordinates outside a face to its outline.
        cull_backfaces: leave out faces whose corners are clockwise in the picture.
        z_clip_value: view depth before which faces are cut off.
        cull_to_frustum: leave out faces wholly outside the picture.

    Returns:
        pix_to_face, zbuf (view depth), barycentric coordinates and dists (squared NDC distance, negative
        inside); -1 where a pixel has fewer faces.

    Raises:
        ValueError: for an image size that is not one or two positive integers, or too small a `bin_size`.

    Kernels compute in single precision, also under autocast.
    """
    height, width = parse_image_size(image_size)
    if bin_size and 1 + (max(height, width) - 1) // bin_size >= _MOST_BINS:
        raise ValueError(f"bin_size too small: the picture would have {_MOST_BINS} or more bins a side")
    reach = (blur_radius, faces_per_pixel)
    flags = (perspective_correct, clip_barycentric_coords, cull_backfaces)
    with torch.autocast(meshes.device.type, enabled=False):
        return _rasterize(meshes, (height, width), reach, flags, z_clip_value, cull_to_frustum)


def _rasterize(
    meshes: Meshes,
    image_size: tuple[int, int],
    reach: tuple[float, int],
    flags: tuple[bool, bool, bool],
    z_clip_value: float | None,
    cull_to_frustum: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    height, width = image_size
    packed, clipped = pack_meshes(meshes), None
    if cull_to_frustum or (z_clip_value is not None and packed.reaches_before(z_clip_value)):
        half_width, half_height = max(width / height, 1.0), max(height / width, 1.0)
        frustum = ClipFrustum(
            left=-half_width,
            right=half_width,
            top=-half_height,
            bottom=half_height,
            perspective_correct=flags[0],
            cull=cull_to_frustum,
            z_clip_value=z_clip_value,
        )
        clipped = clip_faces(packed.verts[packed.faces], packed.first, packed.count, frustum)
        packed = pack_clipped(clipped)
    groups = (packed.first, packed.count, packed.face_to_mesh)
    twin = None if clipped is None else clipped.clipped_faces_neighbor_idx
    pix_to_face, zbuf, bary, dists = rasterize(
        packed.verts, packed.faces, *groups, image_size, *reach, *flags, twin
    )
    if clipped is not None:
        pix_to_face, bary = convert_clipped_rasterization_to_original_faces(pix_to_face, bary, clipped)
    return pix_to_face, zbuf, bary, dists


def pix_to_non_square_ndc(i: int, S1: int, S2: int) -> float:
    """NDC coordinate of the centre of pixel `i` of a side of `S1` pixels, where the other side has `S2`.

    Pixels are counted as NDC grows, from the right or from the bottom.
    """
    half = max(S1 / S2, 1.0)
    return -half + (2 * half * i + half) / S1


def barycentric_coordinates(p: Tensor, v0: Tensor, v1: Tensor, v2: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Barycentric coordinates of a point in the plane of the picture.

    Args:
        p: point, x and y along the first axis, (2, ...).
        v0, v1, v2: corners of the triangle, likewise.

    Returns:
        w0, w1, w2 with p = w0 v0 + w1 v1 + w2 v2; finite also for a triangle without area.
    """
    area = _twice_area(v0, v1, v2) + _LEAST_AREA
    return _twice_area(p, v1, v2) / area, _twice_area(p, v2, v0) / area, _twice_area(p, v0, v1) / area


def _twice_area(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    return (c[0] - a[0]) * (b[1] - a[1]) - (c[1] - a[1]) * (b[0] - a[0])
