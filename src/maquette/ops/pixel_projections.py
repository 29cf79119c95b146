"""Cameras as matrices from the world to pixels."""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..structures.cameras import CamerasBase

_FLIP = (-1.0, -1.0)  # NDC's axes point left and up, those of pixels right and down


def pixel_projections(cameras: CamerasBase, size: tuple[int, int]) -> Float[Tensor, "view 4 4"]:
    """Matrices, for column vectors, from the world to (x w, y w, depth, w): pixels, middles at halves, and depth.

    Args:
        cameras: of any kind that projects to NDC or pixels.
        size: height and width of their pictures.

    Returns:
        float64; depth is along the camera's axis, w a perspective camera's depth, else 1.
    """
    size_of_picture = torch.tensor([size] * len(cameras), device=cameras.R.device)
    to_view = cameras.get_world_to_view_transform().get_matrix().double()
    to_ndc = cameras.get_projection_transform().get_matrix().double()
    if not cameras.in_ndc():
        to_ndc = to_ndc @ cameras.get_ndc_camera_transform(image_size=size_of_picture).get_matrix().double()
    ndc = (to_view @ to_ndc).transpose(1, 2)
    pixels = torch.tensor([size[1], size[0]], dtype=torch.float64, device=ndc.device) / 2
    x, y = (_FLIP[k] * min(size) / 2 * ndc[:, k] + pixels[k] * ndc[:, 3] for k in range(2))
    return torch.stack([x, y, to_view[:, :, 2], ndc[:, 3]], dim=1)


def pixel_rays(
    matrix: Float[Tensor, "4 4"], size: tuple[int, int]
) -> tuple[Float[Tensor, " 3"], Float[Tensor, "height width 3"]]:
    """Where a perspective camera's pixels look: the place at depth d is eye + d * way.

    Args:
        matrix: of `pixel_projections`.
        size: height and width of the picture.

    Returns:
        The eye, and the way of each pixel's middle.
    """
    middles = [torch.arange(side, dtype=matrix.dtype, device=matrix.device) + 0.5 for side in size]
    row, column = torch.meshgrid(*middles, indexing="ij")
    inverse = torch.linalg.inv(matrix[:3, :3])
    return -inverse @ matrix[:3, 3], torch.stack([column, row, torch.ones_like(row)], dim=-1) @ inverse.T


class SeenPixels(NamedTuple):
    """Where points are in a picture.

    Attributes:
        row, column: of the pixel; the nearest one of the picture where a point is not in it.
        depth: along the camera's axis.
        inside: whether it is in the picture, before the camera.
    """

    row: Int[Tensor, " point"]
    column: Int[Tensor, " point"]
    depth: Float[Tensor, " point"]
    inside: Bool[Tensor, " point"]


def pixels_of(
    points: Float[Tensor, "point 3"], matrix: Float[Tensor, "4 4"], size: tuple[int, int]
) -> SeenPixels:
    """The pixels that points are seen at.

    Args:
        points: in the world.
        matrix: of `pixel_projections`.
        size: height and width of the picture.
    """
    x, y, depth, w = (points.double() @ matrix[:, :3].T + matrix[:, 3]).unbind(1)
    u, v = x / w, y / w
    inside = (u >= 0) & (v >= 0) & (u < size[1]) & (v < size[0]) & (depth > 0)
    row, column = (
        torch.nan_to_num(a).clamp(0, most - 1).long() for a, most in zip((v, u), size, strict=True)
    )
    return SeenPixels(row, column, depth, inside)
