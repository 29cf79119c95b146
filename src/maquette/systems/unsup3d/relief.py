"""`relief`: a canonical depth map as a closed, coloured mesh."""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import max_pool2d

from ...ops.depth_maps import focal_length, unproject
from ...structures import Meshes
from ...structures.textures_vertex import TexturesVertex
from .config import FormationConfig
from .geometry import move
from .seen_depth import grid_faces

_STEEPEST = 4.0  # step of the depth from a pixel to the next, in distances between pixels
_THICKNESS = 3.0  # behind the deepest point, in distances between pixels


def relief(
    depth: Float[Tensor, "size size"],
    colours: Float[Tensor, "3 size size"],
    config: FormationConfig,
    nod: float = 0.0,
) -> Meshes:
    """The surface of a depth map, with a rim and a flat back: watertight, and without needles where the depth jumps.

    All faces but those of the back have edges of at most about four distances between pixels: jumps are slopes
    (`gentle`), and the rim has rings. Back and front lie on the same rays of a camera, so that they never meet.

    Args:
        depth: canonical.
        colours: in [0, 1].
        config: range of depths and field of view.
        nod: radians that the surface is turned by about the x axis, as views are (`geometry.move`): positive looks
            down.

    Returns:
        one mesh in the camera frame (+X left, +Y up, +Z into the scene), in sides of the square that the picture
        shows at the depth that views turn about; the camera is at the origin.
    """
    size = depth.shape[-1]
    spacing = config.middle / focal_length(size, config.fov)
    near = gentle(depth, _STEEPEST * spacing)
    far = (near.max() + _THICKNESS * spacing).expand_as(near)
    front, back = (unproject(one[None], config.fov)[0].flatten(0, 1) for one in (near, far))
    border = outline(size, depth.device)
    rings = max(1, math.ceil(float((far - near).flatten()[border].max()) / (_STEEPEST * spacing)))
    share = (torch.arange(1, rings, device=depth.device) / rings)[:, None, None]
    between = torch.lerp(front[border], back[border], share.to(front)).flatten(0, 1)
    view = depth.new_tensor([[nod, 0, 0, 0, 0, 0]])
    points = move(torch.cat([front, back, between])[None, None], view, config.middle)[0, 0] / (size * spacing)
    verts = points * points.new_tensor([-1.0, -1.0, 1.0])
    paint = colours.flatten(1).T
    edge = paint[border]
    painted = [paint, edge.mean(0).expand_as(paint), edge.repeat(rings - 1, 1)]
    return Meshes([verts], [_faces(size, border, rings)], TexturesVertex([torch.cat(painted).clamp(0, 1)]))


def gentle(depth: Float[Tensor, "size size"], step: float) -> Float[Tensor, "size size"]:
    """The depth, nowhere changing by more than `step` from a pixel to one of its eight neighbours.

    What is further away comes nearer: the least over all pixels of their depth and `step` times the way from there.
    The near side of a jump stays as it is.
    """
    while True:
        nearer = torch.minimum(depth, step - max_pool2d(-depth[None], 3, 1, 1)[0])
        if torch.equal(nearer, depth):
            return depth
        depth = nearer


def outline(size: int, device: torch.device | str | None = None) -> Int[Tensor, " pixel"]:
    """Numbers of the outermost pixels of a square picture, row by row counted, clockwise from the upper left one."""
    number = torch.arange(size * size, device=device).view(size, size)
    sides = (number[0, :-1], number[:-1, -1], number[-1, 1:].flip(0), number[1:, 0].flip(0))
    return torch.cat(sides)


def _faces(size: int, border: Int[Tensor, " pixel"], rings: int) -> Int[Tensor, "face 3"]:
    """Front, back, and between their outlines so many rings of two triangles a pixel, all turned outwards."""
    front, count = grid_faces(size, size, border.device), size * size
    between = torch.arange((rings - 1) * len(border), device=border.device) + 2 * count
    ring = torch.cat([border, between, border + count]).view(rings + 1, -1)
    here, there = ring[:-1], ring[1:]
    after, across = here.roll(-1, 1), there.roll(-1, 1)
    rim = [torch.stack([here, after, there], -1), torch.stack([after, across, there], -1)]
    return torch.cat([front, front.flip(1) + count, *(one.flatten(0, 1) for one in rim)])
