"""Changes of colours: one matrix for all of them (Karras et al., NeurIPS 2020, B.2)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from .changes import Changes

_BRIGHTNESS, _CONTRAST, _SATURATION = 0.2, 0.5, 1.0
Matrix = Float[Tensor, "batch 4 4"]


def colour_matrix(changes: Changes, count: int, channels: int, device: torch.device) -> Matrix:
    """What happens to colours (r, g, b, 1) in [-1, 1].

    Args:
        changes: of a batch.
        count: pictures.
        channels: 3, or 1, of which hue and saturation say nothing.
        device: of the result.
    """
    identity = torch.eye(4, device=device)
    grey = torch.tensor([1.0, 1.0, 1.0, 0.0], device=device) / math.sqrt(3)
    along = grey.outer(grey)
    made = identity.expand(count, 4, 4)
    for name, (value, on) in changes.items():
        number = value[:, 0, None, None]
        if name == "brightness":
            offset = torch.zeros(4, 4, device=device)
            offset[:3, 3] = 1.0
            step = identity + number * _BRIGHTNESS * offset
        elif name == "contrast":
            factor = torch.exp2(number * _CONTRAST)
            step = factor * identity + (1 - factor) * torch.diag(identity[3])
        elif name == "lumaflip":
            step = identity - 2 * along * (2 * number).floor()
        elif name == "hue" and channels > 1:
            step = _rotation_about_grey((2 * value[:, 0] - 1) * math.pi)
        elif name == "saturation" and channels > 1:
            step = along + (identity - along) * torch.exp2(number * _SATURATION)
        else:
            continue
        made = torch.where(on[:, None, None], step, identity) @ made
    return made


def coloured(
    images: Float[Tensor, "batch channel height width"], matrix: Matrix
) -> Float[Tensor, "batch channel height width"]:
    """Pictures with changed colours; grey ones are changed as the mean of the three channels would be."""
    linear, offset = matrix[:, :3, :3], matrix[:, :3, 3]
    if images.shape[1] == 3:
        return (linear @ images.flatten(2)).view_as(images) + offset[:, :, None, None]
    factor, added = linear.mean(1).sum(1), offset.mean(1)
    return images * factor[:, None, None, None] + added[:, None, None, None]


def _rotation_about_grey(angle: Float[Tensor, " batch"]) -> Matrix:
    """Rodrigues' rotation of colours about the line of greys, in radians."""
    third, root = 1 / 3, math.sqrt(1 / 3)
    along = angle.new_full((3, 3), third)
    across = angle.new_tensor([[0.0, -root, root], [root, 0.0, -root], [-root, root, 0.0]])
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    made = torch.eye(4, device=angle.device, dtype=angle.dtype).repeat(len(angle), 1, 1)
    made[:, :3, :3] = along + (torch.eye(3, device=angle.device) - along) * cos + across * sin
    return made
