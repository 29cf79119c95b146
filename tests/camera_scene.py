"""A small scene with known cameras, for the tests of camera formats."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from maquette.io import CameraFile, CameraView, cameras_from_views, save_image, views_from_cameras
from maquette.io.cameras_parse import ViewData
from maquette.renderer import MeshRasterizer, RasterizationSettings, look_at_view_transform
from maquette.structures import Meshes
from maquette.structures.cameras import FoVPerspectiveCameras
from maquette.utils import ico_sphere

SIZE = 36, 48  # height, width


def lopsided_mesh() -> Meshes:
    """A shape that looks different from everywhere."""
    mesh = ico_sphere(2)
    verts = mesh.verts_packed() * torch.tensor([0.5, 0.25, 0.15])
    verts = verts + torch.where(verts[:, :1] > 0.2, 1.0, 0.0) * torch.tensor([0.0, 0.3, 0.1])
    return Meshes([verts], mesh.faces_list())


def scene_views(count: int = 3) -> tuple[CameraView, ...]:
    """Cameras around the origin, principal point off the middle and pixels not square."""
    R, T = look_at_view_transform(2.0, torch.linspace(-10, 50, count), torch.linspace(0, 200, count))
    views = views_from_cameras(FoVPerspectiveCameras(R=R, T=T, fov=50.0), torch.tensor([SIZE]))
    change = torch.tensor([[1.0, 0, 1.7], [0, 1.05, -2.3], [0, 0, 1]], dtype=torch.float64)
    K = [
        torch.cat((view.K[:, :2] * change.diagonal()[:2], view.K[:, 2:] + change[:, 2:]), 1) for view in views
    ]
    for k in K:
        k[2, 2] = 1
    return tuple(replace(view, K=k) for view, k in zip(views, K, strict=True))


def silhouettes(views) -> torch.Tensor:
    """(N, H, W) booleans: where the shape is seen."""
    rasterizer = MeshRasterizer(cameras_from_views(views), RasterizationSettings(SIZE))
    return rasterizer(lopsided_mesh().extend(len(views))).pix_to_face[..., 0] >= 0


def write_scene(folder: Path, count: int = 3) -> CameraFile:
    """Pictures `images/<i>.png` and masks `masks/<i>.png.png` of the scene, without cameras."""
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    views = scene_views(count)
    kept = []
    for i, (view, mask) in enumerate(zip(views, silhouettes(views), strict=True)):
        image, inside = folder / "images" / f"{i}.png", folder / "masks" / f"{i}.png.png"
        save_image(torch.where(mask, 0.2, 1.0).expand(3, -1, -1), image)
        save_image(mask[None], inside)
        kept.append(replace(view, image=image, mask=inside))
    return CameraFile(tuple(kept), up="+Y")


def looking(place, at=(0, 0, 0), up=(0, 1, 0)):
    """A camera at a place, in OpenCV's axes."""
    ahead = np.subtract(at, place) / np.linalg.norm(np.subtract(at, place))
    right = np.cross(ahead, up)
    right = right / np.linalg.norm(right)
    R = np.stack([right, np.cross(ahead, right), ahead])
    return ViewData(None, None, 8, 6, np.eye(3), R, -R @ np.array(place, float))


def ring(count=8, radius=3.0, height=1.0):
    """Views on a circle that look at the origin, the first from +Z."""
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return [looking((radius * np.sin(a), height, radius * np.cos(a))) for a in angles]
