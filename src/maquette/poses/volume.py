"""A coarse cube of opacities and colours that cameras look into: what shape and poses are found with together."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import grid_sample

HALF = 0.55  # of the cube's edge, in units of the object's diagonal
_REACH = 1.13 * HALF  # before and behind the middle, that samples along a ray cover
_MOST = 0.98  # opacity of a cell


class Seen(NamedTuple):
    """What cameras see of the cube.

    Attributes:
        opacity: of each ray, in [0, 1].
        colours: RGB of each ray, before black; None where the cube has no colours.
    """

    opacity: Float[Tensor, "view ray"]
    colours: Float[Tensor, "view ray 3"] | None


def rays_of(side: int, fov: float) -> Float[Tensor, "ray 3"]:
    """Directions through the middles of a square picture's pixels, row by row, in PyTorch3D's camera frame, z = 1.

    Args:
        side: pixels a side.
        fov: degrees from edge to edge.
    """
    place = ((torch.arange(side) + 0.5) / side * 2 - 1) * math.tan(math.radians(fov) / 2)
    y, x = torch.meshgrid(place, place, indexing="ij")
    return torch.stack([-x, -y, torch.ones_like(x)], dim=-1).reshape(-1, 3)


def look_into(
    cube: Float[Tensor, "channel x y z"],
    R: Float[Tensor, "view 3 3"],
    T: Float[Tensor, "view 3"],
    rays: Float[Tensor, "ray 3"],
    samples: int,
    shift: float = 0.0,
) -> Seen:
    """Look along rays into the cube |x|, |y|, |z| < `HALF` around the world's origin; differentiable in all of it.

    Args:
        cube: log odds of a cell's opacity, and, where there are four channels, of its colour; trilinear between the
            middles of cells.
        R, T: cameras for row vectors, X_camera = X_world R + T.
        rays: of `rays_of`.
        samples: along each ray, around the distance of the cube's middle.
        shift: of all samples, in [-.5, .5] of the way between two.
    """
    steps = (torch.arange(samples, device=cube.device) + 0.5 + shift) / samples * 2 - 1
    depth = T[:, 2:] + _REACH * steps
    points = rays[None, :, None] * depth[:, None, :, None] - T[:, None, None]
    world = points @ R[:, None].transpose(-1, -2)
    inside = (world.abs() < HALF).all(-1)
    told = grid_sample(
        cube[None], (world / HALF).flip(-1).flatten(0, 2)[None, None, None],
        padding_mode="border", align_corners=False,
    )  # fmt: skip
    told = told[0, :, 0, 0].unflatten(-1, inside.shape)
    opacity = _MOST * torch.sigmoid(told[0]) * inside
    through = torch.cumprod(1 - opacity, dim=-1)
    if len(cube) == 1:
        return Seen(1 - through[..., -1], None)
    before = torch.cat([torch.ones_like(through[..., :1]), through[..., :-1]], dim=-1)
    colours = ((before * opacity)[..., None] * torch.sigmoid(told[1:]).movedim(0, -1)).sum(-2)
    return Seen(1 - through[..., -1], colours)
