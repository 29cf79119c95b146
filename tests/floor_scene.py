"""A painted ball on a floor with its shadow, seen from all around, for tests of what is told by place."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from maquette.renderer import (
    MeshRasterizer,
    RasterizationSettings,
    TexturesVertex,
    look_at_view_transform,
)
from maquette.renderer.views import render_views
from maquette.structures import Meshes
from maquette.structures.cameras import FoVPerspectiveCameras
from maquette.utils import ico_sphere

GROUND, RADIUS = -0.4, 0.4
SIZE, VIEWS = 144, 12


class FloorScene(NamedTuple):
    """Pictures, cameras, masks of the ball, and points of the scene."""

    images: list[Tensor]
    cameras: FoVPerspectiveCameras
    masks: Tensor
    points: np.ndarray


def floor_scene() -> FloorScene:
    """The whole scene."""
    draw = torch.Generator().manual_seed(0)
    heights = 28 + 8 * torch.sin(torch.arange(VIEWS) * 1.0)
    R, T = look_at_view_transform(2.7, heights, torch.arange(VIEWS) * 360.0 / VIEWS)
    cameras = FoVPerspectiveCameras(R=R, T=T, fov=45.0)
    floor, ball = _floor(draw), _ball(draw)
    both = [ball, floor]
    rows = [0, len(ball.verts_packed())]
    scene = Meshes(
        [torch.cat([one.verts_packed() for one in both])],
        [torch.cat([one.faces_packed() + row for one, row in zip(both, rows, strict=True)])],
        TexturesVertex([torch.cat([one.textures.verts_features_packed() for one in both])]),
    )
    images = list(render_views(scene, cameras, SIZE, lit=False).images)
    seen = MeshRasterizer(cameras, RasterizationSettings(SIZE))(scene.extend(VIEWS)).pix_to_face[..., 0]
    count = len(scene.faces_packed())
    masks = (seen >= 0) & (seen % count < len(ball.faces_packed()))
    few = torch.cat([ball.verts_packed()[::8], floor.verts_packed()[::6]])
    return FloorScene(images, cameras, masks, few.double().numpy())


def _ball(draw: torch.Generator) -> Meshes:
    sphere = ico_sphere(4)
    verts = sphere.verts_packed()
    waves = torch.stack([torch.sin(7 * verts @ torch.randn(3, generator=draw)) for _ in range(3)], dim=1)
    colours = torch.tensor([0.7, 0.25, 0.15]) + 0.15 * waves
    return Meshes([RADIUS * verts], sphere.faces_list(), TexturesVertex([colours]))


def _floor(draw: torch.Generator, count: int = 70, half: float = 2.5) -> Meshes:
    """Of many small patches; darker where the ball throws a shadow."""
    line = torch.linspace(-half, half, count)
    x, z = torch.meshgrid(line, line, indexing="ij")
    verts = torch.stack([x, torch.full_like(x, GROUND), z], dim=-1).reshape(-1, 3)
    grey = 0.25 + 0.6 * torch.rand(count * count, 1, generator=draw)
    shadow = ((verts[:, [0]] - 0.5) / 0.6) ** 2 + (verts[:, [2]] / 0.35) ** 2 < 1
    colours = torch.where(shadow, 0.35, 1.0) * grey * torch.tensor([0.8, 1.0, 0.9])
    at = torch.arange(count * count).reshape(count, count)
    a, b, c, d = (part.reshape(-1) for part in (at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]))
    faces = torch.cat([torch.stack([a, d, c], 1), torch.stack([a, c, b], 1)])
    return Meshes([verts], [faces], TexturesVertex([colours]))
