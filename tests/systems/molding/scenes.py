"""Small scenes that the tests of molding share."""

from pathlib import Path

import torch
from torch import Tensor

from maquette.io import CameraFile, CameraView, save_image, views_from_cameras, write_cameras
from maquette.renderer.views import place_cameras, render_views, sphere_views
from maquette.structures import Meshes
from maquette.structures.cameras import CamerasBase
from maquette.structures.textures_vertex import TexturesVertex
from maquette.systems.molding.optimise import MethodConfig
from maquette.systems.molding.silhouettes import SilhouettesConfig
from maquette.utils import ico_sphere

AXES = (0.9, 0.5, 0.65)


def ellipsoid(level: int = 3) -> Meshes:
    """An ellipsoid about the origin, its left half (x < 0) red and its right half blue."""
    ball = ico_sphere(level)
    verts = ball.verts_packed() * torch.tensor(AXES)
    colours = torch.where(verts[:, :1] < 0, torch.tensor([1.0, 0.1, 0.1]), torch.tensor([0.1, 0.1, 1.0]))
    return Meshes([verts], ball.faces_list(), TexturesVertex([colours]))


def placed(mesh: Meshes, shift: Tensor, scale: float) -> Meshes:
    return Meshes([mesh.verts_packed() * scale + shift], mesh.faces_list(), mesh.textures)


def views_of(n: int, shift: Tensor | None = None, scale: float = 1.0) -> CamerasBase:
    """Cameras around the ellipsoid, wherever it was placed."""
    return place_cameras(sphere_views(n), torch.zeros(3) if shift is None else shift, scale)


def quick(steps: int = 60, **changes) -> SilhouettesConfig:
    """A short molding without remeshing."""
    method = MethodConfig(lr=0.06, smoothness=1.0)
    return SilhouettesConfig(method=method, steps=steps, level=2, size=32, remesh=None, **changes)


def write_folder(
    folder: Path, mesh: Meshes, cameras: CamerasBase, size: tuple[int, int], convention: str = "opencv"
) -> tuple[CameraView, ...]:
    """Pictures on white, masks and `cameras.json` of a mesh."""
    folder.mkdir(exist_ok=True)
    seen = render_views(mesh, cameras, size, lit=False)
    images = [folder / f"{i:02}.png" for i in range(len(cameras))]
    masks = [folder / f"{i:02}_mask.png" for i in range(len(cameras))]
    for i in range(len(cameras)):
        save_image(seen.images[i], images[i])
        save_image(seen.masks[i], masks[i])
    views = views_from_cameras(cameras, torch.tensor([size]), images, masks)
    write_cameras(CameraFile(views), folder / "cameras.json", convention)
    return views
