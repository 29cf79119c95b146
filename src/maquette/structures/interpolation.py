"""Values at the pixels of a rasterized picture, interpolated from the corners of the faces they show."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.interpolate import interpolate_corners

from .fragments import Fragments

__all__ = [
    "interpolate_face_attributes",
    "interpolate_fragments",
    "interpolate_packed",
    "interpolate_vertex_attributes",
]


def interpolate_face_attributes(
    pix_to_face: Tensor, barycentric_coords: Tensor, face_attributes: Tensor
) -> Tensor:
    """Interpolate attributes given a corner of each face at every pixel.

    Args:
        pix_to_face: (N, H, W, K) int64 packed face index of each pixel; below 0 where no face is seen.
        barycentric_coords: (N, H, W, K, 3) barycentric coordinates of each pixel in its face.
        face_attributes: (F, 3, D) attributes of the corners of all faces of the batch.

    Returns:
        (N, H, W, K, D) interpolated attributes, 0 where there is no face. Differentiable in the coordinates
        and the attributes; on a CPU both gradients have the same bits on every run.

    Raises:
        ValueError: if a face has not 3 corners or the first two arguments do not fit together.
        IndexError: (CPU) if a face index is not below F.

    Follows PyTorch3D's operator of this name.
    """
    _, corners, channels = face_attributes.shape
    if corners != 3:
        raise ValueError(f"Faces can only have three vertices; got {corners!r}")
    if barycentric_coords.dim() != 5 or pix_to_face.shape != barycentric_coords.shape[:4]:
        raise ValueError(f"pix_to_face must have shape (batch_size, H, W, K); got {tuple(pix_to_face.shape)}")
    flat = interpolate_packed(pix_to_face.reshape(-1), barycentric_coords.reshape(-1, 3), face_attributes)
    return flat.view(*pix_to_face.shape, channels)


def interpolate_packed(
    faces: Int[Tensor, " point"],
    barycentric_coords: Float[Tensor, "point 3"],
    face_attributes: Float[Tensor, "face 3 channel"],
) -> Float[Tensor, "point channel"]:
    """Interpolate corner attributes at a plain list of points, such as the covered pixels of a picture.

    Args:
        faces: (P,) packed face index of each point; below 0: the result is 0.
        barycentric_coords: (P, 3) barycentric coordinates.
        face_attributes: (F, 3, D) attributes of the corners of all faces.

    Returns:
        (P, D) interpolated attributes.

    Raises:
        ValueError: of another number of coordinates than points.
        IndexError: (CPU) if a face index is not below F.
    """
    _check_range(faces, barycentric_coords, len(face_attributes))
    rows = face_attributes.reshape(-1, face_attributes.shape[2])
    return _interpolate(faces, barycentric_coords, rows, None)


def interpolate_vertex_attributes(
    faces: Int[Tensor, " point"],
    barycentric_coords: Float[Tensor, "point 3"],
    vertex_attributes: Float[Tensor, "vert channel"],
    face_verts: Int[Tensor, "face 3"],
) -> Float[Tensor, "point channel"]:
    """Interpolate vertex attributes at a plain list of points without copying them to the faces' corners.

    Args:
        faces: (P,) packed face index of each point; below 0: the result is 0.
        barycentric_coords: (P, 3) barycentric coordinates.
        vertex_attributes: (V, D) packed attributes of the vertices.
        face_verts: (F, 3) packed vertex indices of the faces, all below V.

    Returns:
        (P, D), equal to `interpolate_packed(faces, barycentric_coords, vertex_attributes[face_verts])`.

    Raises:
        ValueError: of another number of coordinates than points.
        IndexError: (CPU) if a face or vertex index is out of range.
    """
    _check_range(faces, barycentric_coords, len(face_verts))
    _check_corners(face_verts, len(vertex_attributes))
    return _interpolate(faces, barycentric_coords, vertex_attributes, face_verts)


def interpolate_fragments(fragments: Fragments, vertex_attributes: Tensor, face_verts: Tensor) -> Tensor:
    """Interpolate vertex attributes at every entry of fragments.

    Args:
        fragments: rasterizer output; `pix_to_face` and `bary_coords` are read.
        vertex_attributes: (V, D) packed attributes of the vertices.
        face_verts: (F, 3) packed vertex indices of the faces.

    Returns:
        (N, H, W, K, D); 0 where no face is.
    """
    faces, bary = fragments.pix_to_face, fragments.bary_coords
    flat = interpolate_vertex_attributes(
        faces.reshape(-1), bary.reshape(-1, 3), vertex_attributes, face_verts
    )
    return flat.view(*faces.shape, vertex_attributes.shape[1])


def _check_range(faces: Tensor, bary: Tensor, count: int) -> None:
    if bary.shape != (len(faces), 3):
        raise ValueError(f"{len(faces)} points cannot have coordinates {tuple(bary.shape)}")
    # On CUDA the check would wait for the device.
    if faces.device.type == "cpu" and faces.numel() and int(faces.max()) >= count:
        raise IndexError(f"face index {int(faces.max())} is out of range for {count} faces")


def _check_corners(face_verts: Tensor, count: int) -> None:
    if face_verts.device.type == "cpu" and face_verts.numel():
        low, high = (int(bound) for bound in face_verts.aminmax())
        if low < 0 or high >= count:
            raise IndexError(f"vertex indices {low} to {high} are out of range for {count} vertices")


def _interpolate(faces: Tensor, bary: Tensor, rows: Tensor, corners: Tensor | None) -> Tensor:
    dtype = torch.promote_types(bary.dtype, rows.dtype)
    if dtype == torch.float64:
        return _interpolate_float64(faces, bary, rows, corners)
    corners = None if corners is None else corners.long()
    return interpolate_corners(faces.long(), bary.float(), rows.float(), corners).to(rows.device, dtype)


def _interpolate_float64(faces: Tensor, bary: Tensor, rows: Tensor, corners: Tensor | None) -> Tensor:
    seen = (faces >= 0).nonzero()[:, 0]
    face = faces[seen].long()[:, None]
    index = 3 * face + torch.arange(3, device=face.device) if corners is None else corners[face[:, 0]].long()
    values = (bary[seen, :, None] * rows[index]).sum(1)
    out = torch.zeros(len(faces), rows.shape[1], dtype=values.dtype, device=values.device)
    return out.index_copy(0, seen, values)
