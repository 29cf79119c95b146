"""Values at the pixels of a rasterized picture, under PyTorch3D's path."""

from torch import Tensor

from ..structures.interpolation import interpolate_face_attributes as interpolate_face_attributes
from ..structures.interpolation import interpolate_packed as interpolate_packed
from ..structures.interpolation import interpolate_vertex_attributes as interpolate_vertex_attributes


def interpolate_face_attributes_python(
    pix_to_face: Tensor, barycentric_coords: Tensor, face_attributes: Tensor
) -> Tensor:
    """`interpolate_face_attributes` in plain torch: of any floating-point type, and differentiable twice."""
    seen = (pix_to_face >= 0)[..., None]
    corners = face_attributes[pix_to_face.clamp(min=0)]
    values = (barycentric_coords[..., None] * corners).sum(-2)
    return values.where(seen, 0.0)
