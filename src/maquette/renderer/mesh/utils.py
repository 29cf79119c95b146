"""Small helpers of mesh rendering, under PyTorch3D's path."""

import torch
from torch import Tensor

from ...structures.interpolation import interpolate_face_attributes
from ...structures.meshes import Meshes
from ...structures.rectangles import PackedRectangle as PackedRectangle
from ...structures.rectangles import PackedRectangles as PackedRectangles
from ...structures.rectangles import Rectangle as Rectangle
from ...structures.rectangles import pack_rectangles as pack_rectangles
from ...structures.rectangles import pack_unique_rectangles as pack_unique_rectangles


def clip_barycentric_coordinates(bary: Tensor) -> Tensor:
    """Move points outside a face onto it: coordinates below 0 become 0, and the rest is scaled to sum to 1.

    Args:
        bary: (..., 3) barycentric coordinates; (-1, -1, -1) marks "no face" and stays.

    Returns:
        (..., 3), in [0, 1].

    Raises:
        ValueError: the last dimension is not 3.
    """
    if bary.shape[-1] != 3:
        raise ValueError(f"Expected barycentric coords to have last dim = 3; got {tuple(bary.shape)}")
    absent = (bary == -1).all(dim=-1, keepdim=True)
    inside = bary.clamp(min=0.0)
    inside = inside / inside.sum(dim=-1, keepdim=True).clamp(min=1e-5)
    return torch.where(absent, -1.0, inside)


def interpolate_zbuf(pix_to_face: Tensor, barycentric_coords: Tensor, meshes: Meshes) -> Tensor:
    """Depth of each entry, interpolated from the z of its face's corners.

    Args:
        pix_to_face: (N, H, W, K) packed face of each entry, -1 for none.
        barycentric_coords: (N, H, W, K, 3).
        meshes: batch of meshes in view space.

    Returns:
        (N, H, W, K); -1 where no face is.
    """
    corner_depths = meshes.verts_packed()[meshes.faces_packed()][..., 2:]
    depth = interpolate_face_attributes(pix_to_face, barycentric_coords, corner_depths)[..., 0]
    return torch.where(pix_to_face < 0, -1.0, depth)


_clip_barycentric_coordinates = clip_barycentric_coordinates  # PyTorch3D's names
_interpolate_zbuf = interpolate_zbuf
