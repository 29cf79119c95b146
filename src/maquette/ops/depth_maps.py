"""Depth maps as points in space, and their normals.

The camera looks along +z, with x to the right and y down; pixel (row v, column u) has its middle at whole numbers. Of
a picture with W pixels a side, f = (W - 1) / 2 / tan(fov / 2), and the optical axis meets it in its middle. All
functions are differentiable, in the type of their arguments.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

_EPSILON = 1e-7


def focal_length(size: int, fov: float) -> float:
    """Focal length in pixels of a picture whose outermost pixels are `fov` degrees apart."""
    return (size - 1) / 2 / math.tan(math.radians(fov) / 2)


def unproject(
    depth: Float[Tensor, "batch h w"],
    fov: float,
    columns: Float[Tensor, " w"] | None = None,
    rows: Float[Tensor, " h"] | None = None,
    size: int | None = None,
) -> Float[Tensor, "batch h w 3"]:
    """Points of a depth map: z K^-1 (u, v, 1).

    Args:
        depth: along the camera's axis.
        fov: of the picture, in degrees.
        columns, rows: pixel coordinates of the depths; 0, 1, 2 and so on when not given.
        size: pixels a side of the picture; that of the depth map when not given.
    """
    height, width = depth.shape[1:]
    size = width if size is None else size
    columns = torch.arange(width, device=depth.device).to(depth) if columns is None else columns
    rows = torch.arange(height, device=depth.device).to(depth) if rows is None else rows
    f, c = focal_length(size, fov), (size - 1) / 2
    x, y = depth * ((columns - c) / f), depth * ((rows - c) / f)[:, None]
    return torch.stack([x, y, depth], dim=-1)


def normals_of_depth(depth: Float[Tensor, "batch h w"], fov: float) -> Float[Tensor, "batch h w 3"]:
    """Unit normals of a depth map, away from the camera: (0, 0, 1) for a plane of one depth.

    The product of the differences of a pixel's neighbours along columns and rows; (0, 0, 1) at the picture's edge,
    and shorter than 1 where that product is not far above 1e-7.
    """
    points = unproject(depth, fov)
    along = points[:, 1:-1, 2:] - points[:, 1:-1, :-2]
    down = points[:, 2:, 1:-1] - points[:, :-2, 1:-1]
    product = torch.linalg.cross(along, down)
    length = torch.linalg.vector_norm(product, dim=-1, keepdim=True)  # its gradient at 0 is 0
    inner = product / (length + _EPSILON)
    front = inner.new_tensor([0.0, 0.0, 1.0])
    flat = torch.zeros_like(depth)[..., None] + front
    inside = torch.zeros_like(depth, dtype=torch.bool)
    inside[:, 1:-1, 1:-1] = True
    return pad(inner, (0, 0, 1, 1, 1, 1)).where(inside[..., None], flat)
