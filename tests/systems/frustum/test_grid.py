"""Frustums: places, points and cells, there and back."""

import pytest
import torch

from maquette.systems.frustum.grid import Frustum, Pose, cells_of_grid, grid_of_cells


def frustums(count: int = 4) -> Frustum:
    return Frustum(0.9 + 2 * torch.rand(count), 0.5 + 0.1 * torch.randn(count, 2))


def poses(count: int = 4) -> Pose:
    cameras = torch.stack([360 * torch.rand(count), 90 * torch.rand(count) - 30, 0.6 + torch.rand(count)], 1)
    return Pose.of_cameras(cameras)


def test_points_and_places_are_inverse() -> None:
    frustum, places = frustums(), torch.rand(4, 50, 3)
    assert torch.allclose(frustum.cells(frustum.points(places)), places, atol=1e-5)


def test_points_lie_where_pixels_see_them() -> None:
    frustum = Frustum(torch.tensor([2.0]), torch.tensor([[0.5, 0.5]]))
    left_upper_near = frustum.points(torch.tensor([[[0.25, 0.25, 0.5], [0.5, 0.5, 0.0]]]))[0]
    assert torch.allclose(left_upper_near[0], torch.tensor([0.25, 0.25, 2.0]))  # +X left, +Y up
    assert torch.allclose(left_upper_near[1], torch.tensor([0.0, 0.0, 2 - frustum.extent / 2]))


def test_camera_and_object_frames_are_inverse() -> None:
    frustum, pose, points = frustums(), poses(), torch.randn(4, 50, 3)
    assert torch.allclose(pose.to_object(pose.to_camera(points, frustum), frustum), points, atol=1e-5)


def test_the_middle_of_the_object_is_in_the_middle_of_the_depth() -> None:
    frustum, pose = frustums(), poses()
    assert torch.allclose(
        frustum.cells(pose.to_camera(torch.zeros(4, 1, 3), frustum))[..., 2], torch.tensor(0.5)
    )


def test_azimuth_and_elevation_are_those_of_r2n2() -> None:
    pose = Pose.of_cameras(torch.tensor([[0.0, 0.0, 1.0], [90.0, 30.0, 1.0]]))
    assert torch.allclose(pose.rotation[0, 2], torch.tensor([1.0, 0.0, 0.0]))  # from +X
    assert torch.allclose(pose.rotation[1, 2], torch.tensor([0.0, 0.5, 0.75**0.5]), atol=1e-6)  # +Z, above
    assert torch.allclose(pose.rotation @ pose.rotation.mT, torch.eye(3).expand(2, 3, 3), atol=1e-6)
    assert torch.allclose(torch.linalg.det(pose.rotation), torch.ones(2))


def test_up_is_the_objects_y_axis() -> None:
    frustum, pose = frustums(), poses()
    ends = pose.to_camera(torch.tensor([[[0.0, 0, 0], [0.0, 1, 0]]]).expand(4, 2, 3), frustum)
    axis = torch.nn.functional.normalize(ends[:, 1] - ends[:, 0], dim=1)
    assert torch.allclose(pose.up, axis, atol=1e-5)


def _twin(voxels, sides, frustum, pose, pixels, depths, samples=2):
    """Cells by looking up every sample's point in the grid."""
    n, fine = voxels.shape[1], (depths * samples, pixels * samples, pixels * samples)
    z, y, x = torch.meshgrid(*((torch.arange(k) + 0.5) / k for k in fine), indexing="ij")
    places = torch.stack([x, y, z], -1).view(1, -1, 3).expand(len(voxels), -1, -1)
    points = pose.to_object(frustum.points(places), frustum)
    cells = ((points / sides[:, None] + 0.5) * n).floor().long()
    inside = ((cells >= 0) & (cells < n)).all(-1)
    flat = ((cells[..., 0] * n + cells[..., 1]) * n + cells[..., 2]).clamp(0, n**3 - 1)
    solid = (voxels.flatten(1).gather(1, flat) & inside).float().view(-1, 1, *fine)
    return torch.nn.functional.avg_pool3d(solid, samples)[:, 0]


def test_the_kernel_counts_what_its_twin_counts() -> None:
    voxels, sides = torch.rand(4, 10, 10, 10) < 0.3, 0.6 + 0.3 * torch.rand(4, 3)
    frustum, pose = frustums(), poses()
    found = cells_of_grid(voxels, sides, frustum, pose, 12, 9)
    expected = _twin(voxels, sides, frustum, pose, 12, 9)
    # Points on the border of two cells may fall to either side in float32.
    assert (found - expected).abs().gt(1e-6).float().mean() < 1e-3
    assert expected.mean() > 0.01


@pytest.mark.parametrize(("resolution", "cells", "least"), [(32, 96, 0.98), (64, 192, 0.99)])
def test_a_grid_comes_back(resolution: int, cells: int, least: float) -> None:
    """A ball with legs of two cells, into a frustum three times as fine, and back."""
    place = (torch.arange(resolution) + 0.5) / resolution - 0.5
    x, y, z = torch.meshgrid(place, place, place, indexing="ij")
    ball = x**2 + (y - 0.1) ** 2 + z**2 < 0.3**2
    legs = (((x.abs() - 0.3).abs() < 1 / resolution) & ((z.abs() - 0.3).abs() < 1 / resolution)) & (y < 0)
    voxels, sides = (ball | legs)[None], torch.tensor([[0.62, 0.55, 0.7]])
    frustum, pose = Frustum(torch.tensor([1.6]), torch.tensor([[0.5, 0.52]])), poses(1)
    field = cells_of_grid(voxels, sides, frustum, pose, cells, cells)
    back = grid_of_cells(field, sides, frustum, pose, resolution) > 0.5
    iou = (back & voxels).sum() / (back | voxels).sum()
    assert iou >= least
