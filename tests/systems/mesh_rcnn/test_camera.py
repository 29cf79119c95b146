"""The camera and its frustum: values of the released code, there and back, and R2N2's distances."""

import numpy as np
import pytest
import torch

from maquette.io import load_binvox
from maquette.renderer.views import R2N2_REACH
from maquette.systems.mesh_rcnn.camera import (
    FOCAL,
    View,
    camera_of_grid,
    cells_of_camera,
    grid_of_camera,
    intrinsics,
    project,
)
from maquette.systems.mesh_rcnn.depths import CLOSE, REACH, Z_RANGE, depth_of, ratios
from mesh_rcnn_golden import far, ramp, stored, tensors


@pytest.fixture(scope="module")
def data() -> dict[str, torch.Tensor]:
    return tensors(stored("camera"))


def extrinsics(view: View) -> torch.Tensor:
    """Matrices for column vectors."""
    matrix = torch.eye(4).repeat(len(view.rotation), 1, 1)
    matrix[:, :3, :3], matrix[:, 2, 3] = view.rotation, -view.distance
    return matrix


def test_matrices(data) -> None:
    assert far(intrinsics(), data["K"]) < 1e-6
    azimuth, elevation, distance = data["azim_elev_dist"].unbind(1)
    view = View.of_cameras(torch.stack([azimuth, elevation, distance / R2N2_REACH], 1))
    assert far(extrinsics(view), data["RT"]) < 1e-6


def test_projection_and_its_gradient(data) -> None:
    points = data["verts_cam"].clone().requires_grad_()
    made = project(points)
    assert far(made, data["project_verts"]) < 1e-5
    (made * ramp(made.shape, int(data["project_grad_k"]))).sum().backward()
    assert far(points.grad, data["project_grad"]) < 1e-4


def test_voxel_space_is_the_frustum(data) -> None:
    places = data["voxel_space_verts"]
    assert far(camera_of_grid(places), data["voxel_to_world"]) < 1e-5
    assert far(grid_of_camera(camera_of_grid(places)), places) < 1e-5


def test_there_and_back() -> None:
    torch.manual_seed(0)
    places = 2.2 * torch.rand(1000, 3) - 1.1
    assert (grid_of_camera(camera_of_grid(places)) - places).abs().max() < 1e-5
    nearest, farthest = map(depth_of, Z_RANGE)
    depth = nearest + torch.rand(1000) * (farthest - nearest)
    points = torch.stack([torch.randn(1000), torch.randn(1000), -depth], 1)
    assert (camera_of_grid(grid_of_camera(points)) - points).abs().max() < 1e-5


def test_depths_as_measured() -> None:
    """Meshes reach further than the frustum: behind the last grid point there is a cube."""
    assert [depth_of(z) for z in Z_RANGE] == pytest.approx([0.603, 2.441], abs=1e-3)
    ends = torch.tensor([[0, 0, 1 + 2 / 47.0], [0, 0, 1 + 2 / 23.0]])
    assert camera_of_grid(ends)[:, 2].tolist() == pytest.approx([-2.611, -2.814], abs=2e-3)


def test_all_distances_of_r2n2_fit() -> None:
    assert REACH == R2N2_REACH
    nearest, farthest = ratios()
    assert nearest < 0.65 < 0.95 < farthest
    for ratio in (0.65, 0.95, nearest, farthest):
        view = View.of_cameras(torch.tensor([[30.0, 27.0, ratio]]))
        ends = torch.tensor([[0.0, 0.0, 0.5], [0.0, 0.0, -0.5]]) - torch.tensor([0, 0, float(view.distance)])
        assert grid_of_camera(ends)[:, 2].abs().max() <= 1 + 1e-5


def test_behind_the_camera() -> None:
    points = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, -0.05], [1.0, 1.0, 0.05], [1.0, 1.0, 2.0]])
    assert project(points)[:, 0].tolist() == pytest.approx([f * FOCAL for f in (10, 10, -10, -0.5)])


def test_there_and_back_to_the_object() -> None:
    view = View.of_cameras(torch.tensor([[120.0, 25.0, 0.7], [10.0, 30.0, 0.9]]))
    points = torch.randn(2, 50, 3)
    assert (view.to_object(view.to_camera(points)) - points).abs().max() < 1e-6


def test_directions_turn(data) -> None:
    azimuth, elevation, distance = data["azim_elev_dist"][:2].unbind(1)
    view = View.of_cameras(torch.stack([azimuth, elevation, distance / R2N2_REACH], 1))
    assert far(view.turned(data["verts_cam"]), data["rotate_verts"]) < 1e-5
    # of the second of the projected clouds the stored values have the way back, too
    low, high = data["z_range"][:2].tolist()
    place = data["project_verts"][1] * torch.tensor([1.0, -1.0, 2 / (high - low)])
    place = place - torch.tensor([0.0, 0.0, 2 * low / (high - low) + 1])
    assert far(camera_of_grid(place), data["unproject_of_project"]) < 1e-4


@pytest.mark.parametrize("size", [24, 48])
def test_cells_of_the_released_code(data, size) -> None:
    """Of points in the object frame, from six cameras."""
    for i, camera in enumerate(data["azim_elev_dist"]):
        view = View.of_cameras((camera / camera.new_tensor([1.0, 1.0, R2N2_REACH]))[None])
        place = grid_of_camera(view.to_camera(data["align_out"][None]))[0]
        cells = ((place + 1) * ((size - 1) / 2)).round().long()
        column, row, depth = cells[((cells >= 0) & (cells < size)).all(1)].unbind(1)
        found = set(((depth * size + row) * size + column).tolist())
        wanted = set(data[f"voxelize_V{size}/{i}"].tolist())
        assert len(found ^ wanted) <= 0.003 * len(wanted)


def test_voxels_of_a_binvox_file(tmp_path) -> None:
    """By integer division; what the released reader gives with today's torch, fractions, is not repeated."""
    arrays = stored("camera")
    path = tmp_path / "a.binvox"
    path.write_bytes(bytes(arrays["binvox_bytes"]))
    cells = load_binvox(path).occupancy[0].nonzero()
    assert set(map(tuple, cells.tolist())) == set(
        map(tuple, arrays["binvox_coords_integer_division"].astype(int).tolist())
    )
    theirs = arrays["binvox_coords_official_now"]
    assert len(theirs) == len(cells)
    assert np.abs(theirs - theirs.round()).max() > 0.1


def test_cells_by_one_matrix() -> None:
    torch.manual_seed(0)
    points = torch.cat([torch.randn(100, 2), -0.7 - torch.rand(100, 1)], 1)
    found = cells_of_camera(24) @ torch.cat([points, torch.ones(100, 1)], 1).T
    assert far((found[:3] / found[3]).T, (grid_of_camera(points) + 1) * 23 / 2) < 1e-5


def test_a_close_frustum_holds_an_object_at_one_distance() -> None:
    nearest, farthest = ratios(CLOSE)
    assert nearest < 0.8 < farthest < 0.83
    ends = torch.tensor([[0.0, 0.0, 0.5], [0.0, 0.0, -0.5]]) - torch.tensor([0, 0, 0.8 * REACH])
    places = grid_of_camera(ends, CLOSE)
    assert places[:, 2].abs().min() > 0.9
    assert places[:, 2].abs().max() < 1
    assert (camera_of_grid(places, CLOSE) - ends).abs().max() < 1e-5
    found = cells_of_camera(24, CLOSE) @ torch.cat([ends, torch.ones(2, 1)], 1).T
    assert far((found[:3] / found[3]).T, (places + 1) * 23 / 2) < 1e-4
