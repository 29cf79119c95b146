"""A thing of three boxes that turns before a camera, drawn: for tests of what finds cameras."""

import torch
from torch import Tensor

from maquette.poses.cube_fit import Stage
from maquette.poses.silhouettes import PosesConfig, ring
from maquette.renderer import FoVPerspectiveCameras
from maquette.renderer.views import render_views
from maquette.structures import Meshes

FOV, VIEWS, UP = 40.0, 8, 25.0
QUICK = PosesConfig(
    FOV,
    turntable=True,
    elevations=(10.0, 35.0),
    coarse=Stage(30, 16, 16),
    fine=Stage(50, 20, 24, 0.5),
    finest=Stage(20, 24, 24),
)
_PARTS = (
    ((-0.3, -0.3, -0.12), (0.3, -0.15, 0.12)),
    ((-0.3, -0.15, -0.12), (-0.15, 0.3, 0.12)),
    ((0.1, -0.15, 0.0), (0.25, 0.0, 0.3)),
)
_FACES = [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
          [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3]]  # fmt: skip


def turning_thing() -> tuple[Tensor, Tensor]:
    """(8, 64, 64) masks, and the cameras' rotations."""
    corners = torch.tensor([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=torch.float32)
    verts = [corners * (torch.tensor(high) - torch.tensor(low)) + torch.tensor(low) for low, high in _PARTS]
    faces = torch.cat([torch.tensor(_FACES) + 8 * i for i in range(len(_PARTS))])
    R = ring(torch.arange(VIEWS) * 360.0 / VIEWS, UP)
    T = torch.tensor([[0.03, -0.02, 2.0]]).expand(VIEWS, 3)
    thing = Meshes([torch.cat(verts)], [faces])
    seen = render_views(thing, FoVPerspectiveCameras(R=R, T=T, fov=FOV), (64, 64), lit=False)
    return seen.masks.float().reshape(VIEWS, 64, 64), R
