"""Cutting faces off at a plane in front of the camera, so that none is projected through the eye.

A face with one or two corners nearer than the plane is replaced by the part beyond it: one triangle when two
corners are cut off, two triangles when one is. Every new corner is a convex combination of the old corners *in
space*; that weight matrix gives the new corner's position as well as the way back from barycentric coordinates
in a piece to those in the face it came from.

Follows PyTorch3D's `clip_faces` in names and in the order of pieces. Differs: culling compares the coordinates of
all three corners (theirs those of a single corner) and leaves faces alone that reach behind the camera, where
projected coordinates say nothing; the planes follow the picture's aspect ratio; gradients flow through every cut
position (theirs holds one of two constant); and corners in the plane of the camera are cut where they are.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import one_hot, pad

LEAST_DEPTH = 1e-8  # depths nearer to 0 count as this when x and y are divided by them


@dataclass(frozen=True)
class ClipFrustum:
    """Planes to cull and clip by; None leaves a plane out.

    Attributes:
        left, right, top, bottom: NDC x and y beyond which a face is culled (`left` and `top` from below).
        znear, zfar: view depths before and beyond which a face is culled.
        perspective_correct: whether x and y were divided by the depth.
        cull: whether to cull at all.
        z_clip_value: view depth at which faces are cut off.
    """

    left: float | None = None
    right: float | None = None
    top: float | None = None
    bottom: float | None = None
    znear: float | None = None
    zfar: float | None = None
    perspective_correct: bool = False
    cull: bool = True
    z_clip_value: float | None = None


@dataclass(frozen=True)
class ClippedFaces:
    """Faces after clipping; what is None is as it was before.

    Attributes:
        face_verts: (F', 3, 3) corners.
        mesh_to_face_first_idx: (N,) first face of each mesh.
        num_faces_per_mesh: (N,) number of faces of each mesh.
        faces_clipped_to_unclipped_idx: (F',) the face each piece came from.
        barycentric_conversion: (T, 3, 3) weights of the old corners (rows) in each new corner (columns).
        faces_clipped_to_conversion_idx: (F',) row of `barycentric_conversion`, -1 for whole faces.
        clipped_faces_neighbor_idx: (F',) the other half of a face cut in two, else -1.
    """

    face_verts: Tensor
    mesh_to_face_first_idx: Tensor
    num_faces_per_mesh: Tensor
    faces_clipped_to_unclipped_idx: Tensor | None = None
    barycentric_conversion: Tensor | None = None
    faces_clipped_to_conversion_idx: Tensor | None = None
    clipped_faces_neighbor_idx: Tensor | None = None


def clip_faces(
    face_verts_unclipped: Float[Tensor, "face 3 3"],
    mesh_to_face_first_idx: Int[Tensor, " mesh"],
    num_faces_per_mesh: Int[Tensor, " mesh"],
    frustum: ClipFrustum,
) -> ClippedFaces:
    """Cull faces outside the frustum and cut faces off at `frustum.z_clip_value`.

    Args:
        face_verts_unclipped: corners: x and y in NDC, z the view depth.
        mesh_to_face_first_idx: first face of each mesh.
        num_faces_per_mesh: number of faces of each mesh.
        frustum: the planes.
    """
    culled = _is_outside(face_verts_unclipped, frustum)
    depth = face_verts_unclipped[..., 2]
    plane = frustum.z_clip_value
    behind = depth < plane if plane is not None else torch.zeros_like(depth, dtype=torch.bool)
    lost = behind.sum(dim=1)
    if not bool((culled | (lost > 0)).any()):
        return ClippedFaces(face_verts_unclipped, mesh_to_face_first_idx, num_faces_per_mesh)

    pieces = torch.where(culled | (lost == 3), 0, torch.where(lost == 1, 2, 1))
    starts = pad(torch.cumsum(pieces, 0), (1, 0))
    origin = torch.repeat_interleave(torch.arange(len(pieces), device=pieces.device), pieces)
    first = starts[mesh_to_face_first_idx]
    count = starts[mesh_to_face_first_idx + num_faces_per_mesh] - first
    face_verts = face_verts_unclipped[origin]
    cut = lost[origin] > 0
    if plane is None or not bool(cut.any()):
        return ClippedFaces(face_verts, first, count, origin)

    index = torch.arange(len(origin), device=origin.device)
    halves = lost[origin] == 1
    is_second = halves & (index != starts[origin])
    # rows as PyTorch3D orders them: single pieces, first halves, second halves
    kind = torch.where(is_second, 2, torch.where(halves, 1, 0))[cut]
    rows = index[cut][torch.argsort(kind, stable=True)]
    weights = _corner_weights(face_verts[rows], behind[origin[rows]], is_second[rows], plane)
    corners = _combine(face_verts[rows], weights, plane, frustum.perspective_correct)
    conversion = torch.full_like(origin, -1)
    conversion[rows] = torch.arange(len(rows), device=rows.device)
    neighbor = torch.where(halves, torch.where(is_second, index - 1, index + 1), -1)
    face_verts = face_verts.index_put((rows,), corners)
    return ClippedFaces(face_verts, first, count, origin, weights, conversion, neighbor)


def _is_outside(face_verts: Float[Tensor, "face 3 3"], frustum: ClipFrustum) -> Bool[Tensor, " face"]:
    outside = torch.zeros_like(face_verts[:, 0], dtype=torch.bool)  # below or above one of x, y, z
    if not frustum.cull:
        return outside.any(dim=1)
    for axis, value in enumerate((frustum.left, frustum.top, frustum.znear)):
        if value is not None:
            outside[:, axis] |= (face_verts[..., axis] < value).all(dim=1)
    for axis, value in enumerate((frustum.right, frustum.bottom, frustum.zfar)):
        if value is not None:
            outside[:, axis] |= (face_verts[..., axis] > value).all(dim=1)
    if frustum.perspective_correct:  # x and y of corners behind the camera are mirrored
        outside[:, :2] &= (face_verts[..., 2] > 0).all(dim=1, keepdim=True)
    return outside.any(dim=1)


def _corner_weights(
    face_verts: Float[Tensor, "piece 3 3"],
    behind: Bool[Tensor, "piece 3"],
    is_second: Bool[Tensor, " piece"],
    plane: float,
) -> Float[Tensor, "piece 3 3"]:
    """Weights of the old corners (rows) in the new corners (columns).

    Of the corners p, q, r in their order, p is the one alone on its side of the plane; the plane cuts p-q in s and
    p-r in t. In front remains (s, t, p) when p is in front, otherwise (s, q, t) and (t, q, r).
    """
    single = behind.sum(dim=1) == 2
    lone = torch.where(single[:, None], ~behind, behind).int().argmax(dim=1)
    p, q, r = (one_hot((lone + i) % 3, 3).to(face_verts) for i in range(3))
    z = face_verts[..., 2]
    z_p, z_q, z_r = ((z * corner).sum(dim=1) for corner in (p, q, r))
    at_q = ((z_p - plane) / (z_p - z_q))[:, None]
    at_r = ((z_p - plane) / (z_p - z_r))[:, None]
    s, t = p + at_q * (q - p), p + at_r * (r - p)
    alone = torch.stack((s, t, p), dim=2)
    halves = torch.where(is_second[:, None, None], torch.stack((t, q, r), 2), torch.stack((s, q, t), 2))
    return torch.where(single[:, None, None], alone, halves)


def _combine(
    face_verts: Float[Tensor, "piece 3 3"],
    weights: Float[Tensor, "piece 3 3"],
    plane: float,
    perspective_correct: bool,
) -> Float[Tensor, "piece 3 3"]:
    """Positions of the new corners; with perspective the combination is made before the division by depth.

    No corner may be rounded to before the plane: the depth of large faces is coarser than the plane is near.
    """
    if not perspective_correct:
        return weights.transpose(1, 2) @ face_verts
    xy, z = face_verts[..., :2], face_verts[..., 2:]
    divisor = torch.where(z.abs() < LEAST_DEPTH, torch.where(z < 0, -LEAST_DEPTH, LEAST_DEPTH), z)
    new = weights.transpose(1, 2) @ torch.cat((xy * divisor, z), dim=2)
    depth = new[..., 2:].clamp(min=plane)
    return torch.cat((new[..., :2] / depth, depth), dim=2)


def convert_clipped_rasterization_to_original_faces(
    pix_to_face_clipped: Int[Tensor, "mesh height width slot"],
    bary_coords_clipped: Float[Tensor, "mesh height width slot 3"],
    clipped_faces: ClippedFaces,
) -> tuple[Int[Tensor, "mesh height width slot"], Float[Tensor, "mesh height width slot 3"]]:
    """Face numbers and barycentric coordinates in terms of the faces before clipping."""
    origin = clipped_faces.faces_clipped_to_unclipped_idx
    if origin is None or len(origin) == 0:
        return pix_to_face_clipped, bary_coords_clipped
    hit = pix_to_face_clipped >= 0
    pix_to_face = torch.where(hit, origin[pix_to_face_clipped.clamp(min=0)], -1)
    to_row, weights = clipped_faces.faces_clipped_to_conversion_idx, clipped_faces.barycentric_conversion
    if to_row is None or weights is None:
        return pix_to_face, bary_coords_clipped
    row = torch.where(hit, to_row[pix_to_face_clipped.clamp(min=0)], -1)
    converted = row >= 0
    own = weights[row[converted]].to(bary_coords_clipped.dtype)
    bary = (own @ bary_coords_clipped[converted][..., None])[..., 0]
    return pix_to_face, bary_coords_clipped.index_put((converted,), bary)
