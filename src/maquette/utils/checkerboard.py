"""A plane of squares in two colours."""

import torch

from ..structures.device import Device
from ..structures.meshes import Meshes
from ..structures.textures_atlas import TexturesAtlas


def checkerboard(
    radius: int = 4,
    color1: tuple[float, ...] = (0.0, 0.0, 0.0),
    color2: tuple[float, ...] = (1.0, 1.0, 1.0),
    device: Device | None = None,
) -> Meshes:
    """Unit squares in the plane z = 0, neighbours in different colours.

    Args:
        radius: number of squares from the origin to each side.
        color1: colour of the square with the smallest x and y, C channels.
        color2: colour of its neighbours, C channels.
        device: where the mesh lives; the CPU by default.

    Returns:
        one mesh with an atlas of one texel a face.

    Raises:
        ValueError: a radius below 1.
    """
    if radius < 1:
        raise ValueError("radius must be > 0")
    line = torch.arange(-radius, radius + 1, dtype=torch.float32)
    y, x = torch.meshgrid(line, line, indexing="ij")
    verts = torch.stack((x, y, torch.zeros_like(x)), dim=2).reshape(1, -1, 3)
    number = torch.arange(len(line) ** 2).view(len(line), len(line))
    corner, right, above, across = number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:]
    lower, upper = torch.stack((corner, right, across), dim=2), torch.stack((corner, across, above), dim=2)
    faces = torch.stack((lower, upper), dim=2).reshape(1, -1, 3)
    row, column = torch.meshgrid(torch.arange(2 * radius), torch.arange(2 * radius), indexing="ij")
    kind = ((row + column) % 2).reshape(-1).repeat_interleave(2)
    atlas = torch.tensor([color1, color2])[kind][None, :, None, None]
    textures = TexturesAtlas(atlas.to(device))
    return Meshes(verts=verts.to(device), faces=faces.to(device), textures=textures)
