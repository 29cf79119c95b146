"""Cameras placed around an object, and pictures of one mesh from all of them.

Placements look at the origin and know nothing of any mesh; `place_cameras` brings them to where a mesh is, so
that it can be rendered, and the cameras stored, in the mesh's own coordinates. Cameras with y up; an NDC unit
is half the picture's shorter side.
"""

import math
from dataclasses import dataclass
from typing import TypeVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ..structures import Meshes
from ..structures.cameras import CamerasBase, FoVPerspectiveCameras, look_at_view_transform
from ..structures.textures_uv import TexturesUV
from ..structures.textures_vertex import TexturesVertex
from ..transforms import random_rotations
from .blending import BlendParams
from .lighting import AmbientLights, DirectionalLights
from .materials import Materials
from .mesh.rasterizer import MeshRasterizer, RasterizationSettings
from .mesh.shader import HardPhongShader
from .utils import parse_image_size

AngleT = TypeVar("AngleT", float, Tensor)
R2N2_FOV = math.degrees(2 * math.atan(16 / 35))  # 35 mm lens on a 32 mm sensor: 49.13 degrees
R2N2_REACH = 1.75  # camera distance at ratio 1, in bounding-box diagonals
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))
_PIXELS_AT_ONCE = 8_000_000
_FACES_AT_ONCE = 1 << 22  # of a mesh that each view has a copy of
_GREY = 0.7


def sphere_views(
    n: int,
    distance: float = 2.7,
    fov: float = 60.0,
    rotation_seed: int | None = None,
    device: torch.device | str = "cpu",
) -> FoVPerspectiveCameras:
    """Cameras spread evenly over a sphere, looking at the origin.

    Directions are those of a Fibonacci spiral: heights 1 - 2 (i + .5) / n, turned by the golden angle.

    Args:
        n: number of cameras, >= 1.
        distance: of each camera from the origin.
        fov: field of view in degrees along the picture's shorter side.
        rotation_seed: turns all directions by one random rotation; None leaves the spiral's axis along y.
        device: where the cameras live.
    """
    index = torch.arange(n, dtype=torch.float64) + 0.5
    height = 1 - 2 * index / n
    radius, angle = (1 - height**2).sqrt(), _GOLDEN_ANGLE * index
    directions = torch.stack([radius * angle.sin(), height, radius * angle.cos()], dim=1)
    if rotation_seed is not None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(rotation_seed)
            directions = directions @ random_rotations(1, dtype=torch.float64)[0]
    return _looking_in(distance * directions, fov, device)


def orbit_views(
    n: int,
    distance: float = 2.7,
    elevation: float = 20.0,
    fov: float = 60.0,
    device: torch.device | str = "cpu",
) -> FoVPerspectiveCameras:
    """Cameras on a circle around the y axis, the first one in front (+Z), the next to its +X side.

    Args:
        n: number of cameras, >= 1.
        distance: of each camera from the origin.
        elevation: degrees above the plane y = 0, -90 to 90.
        fov: field of view in degrees along the picture's shorter side.
        device: where the cameras live.
    """
    azimuth = torch.arange(n, dtype=torch.float64) * (360 / n)
    return _looking_in(_on_sphere(azimuth, torch.full_like(azimuth, elevation), distance), fov, device)


def r2n2_views(n: int, seed: int = 0, device: torch.device | str = "cpu") -> FoVPerspectiveCameras:
    """Cameras drawn as for 3D-R2N2's pictures of ShapeNet (Choy et al., ECCV 2016), for the object frame.

    Azimuth is uniform in [0, 360), elevation in [25, 30), the ratio of distances in [0.65, 0.95).

    Args:
        n: number of cameras; the data set has 24 an object.
        seed: of the drawing.
        device: where the cameras live.
    """
    draw = torch.rand(n, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return cameras_from_r2n2(360 * draw[:, 0], 25 + 5 * draw[:, 1], 0.65 + 0.3 * draw[:, 2], device)


def cameras_from_r2n2(
    azimuth: Float[Tensor, " view"],
    elevation: Float[Tensor, " view"],
    ratio: Float[Tensor, " view"],
    device: torch.device | str = "cpu",
) -> FoVPerspectiveCameras:
    """Cameras of the columns of R2N2's `rendering_metadata.txt`, for an object of bounding-box diagonal 1.

    A camera stands at 1.75 ratio (cos e cos a, sin e, cos e sin a); the file's column of 25 degrees is not
    the field of view, which is 49.13 degrees.

    Args:
        azimuth: a, degrees from +X towards +Z.
        elevation: e, degrees.
        ratio: distance as a fraction of 1.75.
        device: where the cameras live.
    """
    eyes = _on_sphere(90 - azimuth.double(), elevation.double(), R2N2_REACH * ratio.double()[:, None])
    return _looking_in(eyes, R2N2_FOV, device)


def azimuth_from_r2n2(azimuth: AngleT) -> AngleT:
    """An azimuth from +X towards +Z, as R2N2's, as everything else here counts it: 0 looks from +Z, 90 from +X.

    Args:
        azimuth: degrees: a number, or a tensor of any shape.

    Returns:
        degrees in [0, 360), of the same shape.
    """
    return (90 - azimuth) % 360


def _on_sphere(azimuth: Tensor, elevation: Tensor, distance: float | Tensor) -> Tensor:
    a, e = torch.deg2rad(azimuth), torch.deg2rad(elevation)
    return distance * torch.stack([e.cos() * a.sin(), e.sin(), e.cos() * a.cos()], dim=1)


def _looking_in(eyes: Tensor, fov: float, device: torch.device | str) -> FoVPerspectiveCameras:
    R, T = look_at_view_transform(eye=eyes)
    farthest = float(eyes.norm(dim=1).max())
    return FoVPerspectiveCameras(
        R=R.float(), T=T.float(), fov=fov, znear=0.01 * farthest, zfar=10 * farthest, device=device
    )


def place_cameras(
    cameras: FoVPerspectiveCameras, center: Float[Tensor, " 3"], scale: float
) -> FoVPerspectiveCameras:
    """The cameras that see an object at `center`, `scale` times as large, as the given ones see it at the origin.

    Args:
        cameras: cameras placed around the origin.
        center: point of the world that becomes what the origin was.
        scale: length in the world that becomes what 1 was, > 0.
    """
    R = cameras.R
    moved = center.to(R) @ R
    return FoVPerspectiveCameras(
        R=R,
        T=scale * cameras.T - moved,
        fov=cameras.fov,
        znear=scale * torch.as_tensor(cameras.znear),
        zfar=scale * torch.as_tensor(cameras.zfar),
        degrees=cameras.degrees,
        device=cameras.device,
    )


def bounding_ball(mesh: Meshes) -> tuple[Float[Tensor, " 3"], float]:
    """Centre of a mesh's bounding box, and half its diagonal; twice that is 1 in the object frame."""
    verts = mesh.verts_packed().detach()
    low, high = verts.min(dim=0).values, verts.max(dim=0).values
    return (low + high) / 2, float((high.double() - low.double()).norm()) / 2


@dataclass(frozen=True, eq=False)
class RenderedViews:
    """Pictures of one mesh.

    Attributes:
        images: RGB in [0, 1].
        masks: where a face covers the pixel's centre.
        depth: along the camera's axis, in the world's units; 0 where no face is.
    """

    images: Float[Tensor, "view 3 height width"]
    masks: Bool[Tensor, "view height width"]
    depth: Float[Tensor, "view height width"]


@torch.no_grad()
def render_views(
    mesh: Meshes,
    cameras: CamerasBase,
    size: int | tuple[int, int],
    antialias: int = 1,
    background: float = 1.0,
    lit: bool = True,
) -> RenderedViews:
    """Pictures of one mesh from N cameras: hard Phong shading, lit from above each camera.

    Args:
        mesh: one mesh; grey where it has no textures.
        cameras: N cameras on the mesh's device.
        size: pixels of square pictures, or (height, width).
        antialias: each pixel of a picture is the mean of this many times as many samples a side. Masks and
            depth are always those of the pixel's centre.
        background: grey in [0, 1] where no face is.
        lit: False shows the bare colours of the texture, the same from every side.

    Raises:
        ValueError: not one mesh, `antialias` below 1, or a size that is not positive.
    """
    if len(mesh) != 1 or antialias < 1:
        raise ValueError(f"one mesh and antialias >= 1 are needed, got {len(mesh)} and {antialias}")
    height, width = parse_image_size(size)
    mesh = mesh if mesh.textures is not None else _painted_grey(mesh)
    fitting = _PIXELS_AT_ONCE // (antialias**2 * height * width + _map_pixels(mesh))
    at_once = max(1, min(fitting, _FACES_AT_ONCE // max(len(mesh.faces_packed()), 1)))
    parts = [
        _render_part(mesh, cameras[part.tolist()], (height, width), antialias, background, lit)
        for part in torch.arange(len(cameras)).split(at_once)
    ]
    images, masks, depth = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
    return RenderedViews(images, masks, depth)


def _painted_grey(mesh: Meshes) -> Meshes:
    painted = mesh.clone()
    painted.textures = TexturesVertex(torch.full_like(mesh.verts_padded(), _GREY))
    return painted


def _map_pixels(mesh: Meshes) -> int:
    """Pixels of a texture, which is copied for every view."""
    return mesh.textures.maps_padded()[..., 0].numel() if isinstance(mesh.textures, TexturesUV) else 0


def _render_part(
    mesh: Meshes, cameras: CamerasBase, size: tuple[int, int], antialias: int, background: float, lit: bool
) -> tuple[Tensor, Tensor, Tensor]:
    meshes = mesh.extend(len(cameras))
    rasterizer = MeshRasterizer(cameras, RasterizationSettings(size))
    shader = HardPhongShader(
        device=mesh.device,
        cameras=cameras,
        lights=_headlights(cameras) if lit else AmbientLights(device=mesh.device),
        materials=Materials(specular_color=((0.0, 0.0, 0.0),), device=mesh.device),
        blend_params=BlendParams(background_color=(background,) * 3),
    )
    fragments = rasterizer(meshes)
    covered = fragments.pix_to_face[..., 0] >= 0
    depth = torch.where(covered, fragments.zbuf[..., 0], 0.0)
    if antialias > 1:
        fine = RasterizationSettings((size[0] * antialias, size[1] * antialias))
        fragments = rasterizer(meshes, raster_settings=fine)
    images = shader(fragments, meshes)[..., :3].permute(0, 3, 1, 2)
    return avg_pool2d(images, antialias).clamp(0, 1), covered, depth


def _headlights(cameras: CamerasBase) -> DirectionalLights:
    """White lights, one a camera, that come from behind and above it."""
    _, up, forwards = cameras.R.unbind(dim=2)
    return DirectionalLights(
        ambient_color=((0.45,) * 3,),
        diffuse_color=((0.55,) * 3,),
        direction=0.5 * up - forwards,
        device=cameras.device,
    )
