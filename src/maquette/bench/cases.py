"""The ten operators measured by `maquette bench ops`: our call and its plain-torch twin on the same input.

Every builder takes a device and sizes, so that tests compare both calls at a small size. Results of a pair are
to be compared as they are, except that `sample_points` draws other points and `cubify` and `marching_cubes`
return meshes of their own kind.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ..loss import chamfer_distance
from ..ops import (
    GraphConv,
    cubify,
    knn_points,
    marching_cubes,
    sample_points_from_meshes,
    vert_align,
    voxelize,
)
from ..ops.marching_cubes import marching_cubes_naive
from ..renderer import (
    HardPhongShader,
    MeshRasterizer,
    MeshRenderer,
    PointLights,
    RasterizationSettings,
    SoftSilhouetteShader,
    TexturesVertex,
)
from ..renderer.views import sphere_views
from ..structures import Meshes
from ..utils import ico_sphere, torus
from . import twins

_SIGMA = 1e-4
_BLUR_RADIUS = math.log(1 / 1e-4 - 1) * _SIGMA
_LIGHT = (0.0, 2.0, 2.0)


class Pair(NamedTuple):
    """Two calls without arguments that compute the same."""

    ours: Callable[[], object]
    twin: Callable[[], object]


def soft_silhouettes(device: torch.device, views: int, size: int, level: int) -> Pair:
    """Soft silhouettes of an ico-sphere and their gradient to the vertices' offsets (V, 3)."""
    cameras = sphere_views(views, device=device)
    settings = RasterizationSettings(image_size=size, blur_radius=_BLUR_RADIUS, faces_per_pixel=50)
    rasterizer = MeshRasterizer(cameras=cameras, raster_settings=settings)
    renderer = MeshRenderer(rasterizer, SoftSilhouetteShader())
    sphere = ico_sphere(level, device)

    def gradient(alphas: Callable[[Meshes], Tensor]) -> Tensor:
        offsets = torch.zeros_like(sphere.verts_packed(), requires_grad=True)
        alphas(sphere.offset_verts(offsets).extend(views)).mean().backward()
        assert offsets.grad is not None
        return offsets.grad

    def brute_force(meshes: Meshes) -> Tensor:
        meshes = rasterizer.transform(meshes)
        corners = meshes.verts_padded()[:, sphere.faces_packed(), :2]
        return torch.stack([twins.soft_silhouette(view, size, _SIGMA, _BLUR_RADIUS) for view in corners])

    return Pair(lambda: gradient(lambda meshes: renderer(meshes)[..., 3]), lambda: gradient(brute_force))


def hard_phong(device: torch.device, views: int, size: int, sides: int, rings: int) -> Pair:
    """RGB pictures (N, S, S, 3) of a coloured torus whose largest coordinate is 1."""
    cameras = sphere_views(views, device=device)
    lights = PointLights(location=[list(_LIGHT)], device=device)
    rasterizer = MeshRasterizer(cameras=cameras, raster_settings=RasterizationSettings(image_size=size))
    renderer = MeshRenderer(rasterizer, HardPhongShader(device=device, cameras=cameras, lights=lights))
    ring = torus(0.3, 0.7, sides, rings, device)
    verts, faces = ring.verts_packed(), ring.faces_packed()
    verts = verts / verts.abs().max()
    colors = (verts + 1) / 2
    mesh = Meshes([verts], [faces], textures=TexturesVertex([colors]))

    def brute_force() -> Tensor:
        meshes = mesh.extend(views)
        normals = meshes[0].verts_normals_packed()
        pictures = []
        for corners, eye in zip(
            rasterizer.transform(meshes).verts_padded()[:, faces], cameras.get_camera_center(), strict=True
        ):
            face, weights = twins.hard_fragments(corners, size)
            seen = face >= 0
            points, across, paint = (
                (weights[seen, :, None] * rows[faces[face[seen]]]).sum(1) for rows in (verts, normals, colors)
            )
            picture = torch.ones(size * size, 3, device=device)
            light = points.new_tensor(_LIGHT)
            picture[seen] = twins.phong(points, across, paint, light, eye, (0.5, 0.3, 0.2), 64)
            pictures.append(picture.view(size, size, 3))
        return torch.stack(pictures)

    return Pair(lambda: renderer(mesh.extend(views))[..., :3], brute_force)


def nearest_neighbour(device: torch.device, points: int) -> Pair:
    """Squared distance (1, P, 1) of each point of one cloud to the nearest of another."""
    x, y = torch.rand(2, points, 3, device=device)
    return Pair(
        lambda: knn_points(x[None], y[None]).dists, lambda: twins.nearest_neighbour(x, y)[0][None, :, None]
    )


def chamfer(device: torch.device, points: int) -> Pair:
    """Chamfer distance of two clouds and its gradient to the first (P, 3)."""
    x, y = torch.rand(2, points, 3, device=device)

    def gradient(distance: Callable[[Tensor], Tensor]) -> Tensor:
        leaf: Tensor = x.clone().requires_grad_()
        distance(leaf).backward()
        assert leaf.grad is not None
        return leaf.grad

    def kernels(leaf: Tensor) -> Tensor:
        distance, _ = chamfer_distance(leaf[None], y[None])
        assert isinstance(distance, Tensor)
        return distance

    return Pair(
        lambda: gradient(kernels),
        lambda: gradient(lambda leaf: twins.chamfer(leaf, y)),
    )


def sample_points(device: torch.device, meshes: int, points: int, level: int) -> Pair:
    """Random points (N, P, 3) on ico-spheres."""
    spheres = ico_sphere(level, device).extend(meshes)
    corners = spheres.verts_padded()[:, ico_sphere(level, device).faces_packed()]
    return Pair(
        lambda: sample_points_from_meshes(spheres, points), lambda: twins.sample_points(corners, points)
    )


def cubes(device: torch.device, grids: int, size: int) -> Pair:
    """Cubes of random grids, one voxel in five occupied: `Meshes` here, a list of (verts, faces) there."""
    occupancy = (torch.rand(grids, size, size, size, device=device) < 0.2).float()
    return Pair(lambda: cubify(occupancy, 0.5), lambda: [twins.cubify(grid) for grid in occupancy >= 0.5])


@torch.no_grad()
def graph_convolution(device: torch.device, features: int, level: int) -> Pair:
    """A graph convolution (V, D) over an ico-sphere."""
    sphere = ico_sphere(level, device)
    edges = sphere.edges_packed()
    layer = GraphConv(features, features).to(device).requires_grad_(False)
    rows = torch.randn(len(sphere.verts_packed()), features, device=device)
    return Pair(lambda: layer(rows, edges), lambda: twins.graph_conv(rows, edges, layer.w0, layer.w1))


def vertex_features(device: torch.device, batch: int, channels: int, size: int, verts: int) -> Pair:
    """Features (N, V, C) of random vertices in random maps."""
    maps = torch.randn(batch, channels, size, size, device=device)
    places = torch.rand(batch, verts, 3, device=device) * 2 - 1
    return Pair(lambda: vert_align(maps, places), lambda: twins.vert_align(maps, places))


def level_set(device: torch.device, size: int) -> Pair:
    """Marching cubes of one random volume, as (verts, faces) lists."""
    volume = torch.rand(1, size, size, size, device=device)
    return Pair(lambda: marching_cubes(volume, 0.5), lambda: marching_cubes_naive(volume, 0.5))


def solid_voxels(device: torch.device, resolution: int, sides: int, rings: int) -> Pair:
    """Solid cells (n, n, n) of a torus; ours also marks the cells that its surface touches."""
    ring = torus(0.1, 0.35, sides, rings, device)
    corners = ring.verts_packed()[ring.faces_packed()]
    return Pair(
        lambda: voxelize(ring, resolution).occupancy[0], lambda: twins.solid_voxels(corners, resolution)
    )
