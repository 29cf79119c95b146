"""Views as rigid motions of points, and where points are in a picture; the camera is that of `ops.depth_maps`.

All functions are differentiable, in the type of their arguments.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from ...ops.depth_maps import focal_length

_LEAST_DEPTH = 1e-3


def project(points: Float[Tensor, "batch h w 3"], size: int, fov: float) -> Float[Tensor, "batch h w 2"]:
    """Where points are in the picture: from -1 to 1 between the middles of the outermost pixels, right and down."""
    scale = 2 * focal_length(size, fov) / (size - 1)
    return scale * points[..., :2] / points[..., 2:].clamp(min=_LEAST_DEPTH)


def rotation(angles: Float[Tensor, "batch 3"]) -> Float[Tensor, "batch 3 3"]:
    """Rz Ry Rx for column vectors, of angles about x, y and z in radians."""
    (x, y, z), (a, b, c) = angles.sin().unbind(1), angles.cos().unbind(1)
    rows = [
        [c * b, c * x * y - z * a, c * y * a + z * x],
        [z * b, z * x * y + c * a, z * y * a - c * x],
        [-y, b * x, b * a],
    ]
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)


def move(
    points: Float[Tensor, "batch h w 3"], view: Float[Tensor, "batch 6"], middle: float
) -> Float[Tensor, "batch h w 3"]:
    """Turn points about (0, 0, middle), then shift them: R (p - m) + m + t.

    Args:
        points: in the canonical frame.
        view: angles about x, y and z in radians, and the shift t.
        middle: depth of the point m that the view turns about.
    """
    centre = points.new_tensor([0.0, 0.0, middle])
    turned = _times(points - centre, rotation(view[:, :3]))
    return turned + (centre + view[:, 3:])[:, None, None]


def move_back(
    points: Float[Tensor, "batch h w 3"], view: Float[Tensor, "batch 6"], middle: float
) -> Float[Tensor, "batch h w 3"]:
    """The inverse of `move`."""
    centre = points.new_tensor([0.0, 0.0, middle])
    shifted = points - (centre + view[:, 3:])[:, None, None]
    return _times(shifted, rotation(view[:, :3]).transpose(1, 2)) + centre


def _times(points: Tensor, matrix: Tensor) -> Tensor:
    """The matrix times every point, without a product of matrices, which autocast would take in half precision."""
    return (points[..., None, :] * matrix[:, None, None]).sum(-1)
