"""What views look through is taken out of a volume; nothing is added, and what no ray tells of stays."""

import math

import pytest
import torch
from torch import Tensor

from maquette.ops.fused_depths import _divergence, _gradient, without_seen_through
from maquette.renderer import FoVPerspectiveCameras, look_at_view_transform
from maquette.structures.voxels import VoxelGrid

CELLS, PIXELS = 16, 32


def cameras(azimuths: tuple[float, ...] = (0.0, 25.0)) -> FoVPerspectiveCameras:
    R, T = look_at_view_transform(4.0, 0.0, torch.tensor(azimuths))
    return FoVPerspectiveCameras(R=R, T=T, fov=30.0)


def cube() -> VoxelGrid:
    return VoxelGrid(torch.ones(1, CELLS, CELLS, CELLS))


def depths_of_plane(cams: FoVPerspectiveCameras, z: float) -> Tensor:
    """Depth along each camera's axis of the plane at a height z of the world."""
    half = math.tan(math.radians(15))
    at = (torch.arange(PIXELS) + 0.5) / PIXELS * 2 - 1
    y, x = torch.meshgrid(-at * half, -at * half, indexing="ij")
    rays = torch.stack([x, y, torch.ones_like(x)], dim=-1)
    maps = []
    for k in range(len(cams)):
        world = rays @ cams.R[k].T
        eye = cams.get_camera_center()[k]
        maps.append((z - eye[2]) / world[..., 2])
    return torch.stack(maps)


def test_what_lies_before_a_plane_goes_and_what_lies_behind_it_stays() -> None:
    cams = cameras()
    kept = without_seen_through(cube(), depths_of_plane(cams, 0.0), cams).occupancy[0]
    heights = cube().cell_centers()[..., 2]
    middle = kept[4:12, 4:12]
    assert (middle[heights[4:12, 4:12] > 0.07] < 0.5).all()
    assert (middle[heights[4:12, 4:12] < -0.07] > 0.5).all()


def test_unknown_depths_take_nothing() -> None:
    """Neither of a block nor of a plate of one cell, wherever the other is."""
    cams = cameras()
    shares = torch.zeros(1, CELLS, CELLS, CELLS)
    shares[0, 2:8, 2:8, 2:8] = 1
    shares[0, 3:14, 3:14, 12] = 1
    kept = without_seen_through(VoxelGrid(shares), torch.full((2, PIXELS, PIXELS), torch.nan), cams)
    assert torch.equal(kept.occupancy, shares)


def test_of_nothing_nothing_is_taken() -> None:
    cams = cameras()
    empty = VoxelGrid(torch.zeros(1, CELLS, CELLS, CELLS))
    assert without_seen_through(empty, depths_of_plane(cams, 0.0), cams).occupancy.sum() == 0


def test_nothing_is_added() -> None:
    generator = torch.Generator().manual_seed(0)
    grid = VoxelGrid((torch.rand(1, CELLS, CELLS, CELLS, generator=generator) - 0.3).clamp(min=0))
    cams = cameras()
    kept = without_seen_through(grid, depths_of_plane(cams, -0.1), cams)
    assert (kept.occupancy <= grid.occupancy).all()


@pytest.mark.parametrize(("doubt", "goes"), [(0.1, True), (3.0, False)])
def test_doubt_is_counted_in_rays(doubt: float, goes: bool) -> None:
    cams = cameras()
    kept = without_seen_through(cube(), depths_of_plane(cams, 0.0), cams, doubt=doubt).occupancy[0]
    assert bool(kept[8, 8, 13] < 0.5) == goes


def test_the_divergence_is_the_negative_adjoint_of_the_gradient() -> None:
    generator = torch.Generator().manual_seed(1)
    values = torch.rand(4, 5, 6, generator=generator)
    flow = torch.rand(3, 4, 5, 6, generator=generator)
    flow[0, -1], flow[1, :, -1], flow[2, :, :, -1] = 0, 0, 0
    left, right = (_gradient(values) * flow).sum(), -(values * _divergence(flow)).sum()
    assert torch.allclose(left, right, rtol=1e-5)
