"""Pictures of depth as points in space, and views as rigid motions.

The camera looks along +z, with x to the right and y down; pixel (row v, column u) has its middle at whole numbers. Of
a picture with W pixels a side, f = (W - 1) / 2 / tan(fov / 2), and the optical axis meets it in its middle. All
functions are differentiable, in the type of their arguments.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

_LEAST_DEPTH = 1e-3
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
