"""Cameras as matrices from the world to pixels."""

import torch
from jaxtyping import Float
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
