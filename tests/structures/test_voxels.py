"""`VoxelGrid` keeps one convention of axes and cell centres."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from maquette.structures import VoxelGrid, swap_binvox_axes, swap_zyx_axes
from maquette.structures.voxels import coarser


def test_cell_centers_fill_the_cube():
    grid = VoxelGrid(torch.zeros(1, 4, 4, 4, dtype=torch.bool), side=2.0)
    centers = grid.cell_centers()
    assert centers[0, 3, 1].tolist() == [-0.75, 0.75, -0.25]
    assert grid.cell_size == 0.5
    moved = VoxelGrid(grid.occupancy, side=2.0, center=(1.0, 0.0, -1.0)).cell_centers()
    torch.testing.assert_close(moved, centers + torch.tensor([1.0, 0.0, -1.0]))


@given(st.integers(1, 9), st.floats(0.1, 10), st.tuples(*[st.floats(-3, 3)] * 3))
def test_index_and_point_invert_each_other(n, side, center):
    grid = VoxelGrid(torch.zeros(1, n, n, n, dtype=torch.bool), side, center)
    index = torch.rand(5, 3, dtype=torch.float64) * n
    torch.testing.assert_close(grid.index_from_points(grid.points_from_index(index)), index)
    faces = grid.points_from_index(torch.tensor([[-0.5] * 3, [n - 0.5] * 3], dtype=torch.float64))
    middle = torch.tensor(center, dtype=torch.float64)
    torch.testing.assert_close(faces, torch.stack([middle - side / 2, middle + side / 2]))


def test_axis_orders():
    x, y, z = 1, 2, 3
    occupancy = torch.zeros(1, 4, 4, 4, dtype=torch.bool)
    occupancy[0, x, y, z] = True
    assert swap_binvox_axes(occupancy).nonzero().tolist() == [[0, x, z, y]]
    assert swap_zyx_axes(occupancy).nonzero().tolist() == [[0, z, y, x]]
    for swap in (swap_binvox_axes, swap_zyx_axes):
        assert torch.equal(swap(swap(occupancy)), occupancy)


def test_solid_select_and_move():
    values = torch.tensor([0.2, 0.5, 0.9, 0.0] * 2).view(1, 2, 2, 2).repeat(3, 1, 1, 1)
    grid = VoxelGrid(values, side=3.0)
    assert grid.solid().sum() == 12
    assert grid.solid(0.6).sum() == 6
    assert VoxelGrid(grid.solid()).solid() is not None
    assert len(grid) == 3
    assert len(grid[1]) == len(grid[-1]) == 1
    assert len(grid[[0, 2]]) == 2
    assert grid[1].side == 3.0
    assert grid.to("meta").device.type == "meta"


@pytest.mark.parametrize(
    ("occupancy", "side", "message"),
    [
        (torch.zeros(2, 2, 2, dtype=torch.bool), 1.0, "shape"),
        (torch.zeros(1, 2, 2, 3, dtype=torch.bool), 1.0, "shape"),
        (torch.zeros(1, 0, 0, 0, dtype=torch.bool), 1.0, "shape"),
        (torch.zeros(1, 2, 2, 2, dtype=torch.int64), 1.0, "booleans or floats"),
        (torch.zeros(1, 2, 2, 2), 0.0, "side"),
        (torch.zeros(1, 2, 2, 2), float("nan"), "side"),
    ],
)
def test_errors(occupancy, side, message):
    with pytest.raises(ValueError, match=message):
        VoxelGrid(occupancy, side)


def test_coarser_cells_are_solid_where_any_within_is():
    fine = torch.rand(2, 12, 12, 12) < 0.05
    pooled = torch.nn.functional.max_pool3d(fine[:, None].float(), 3)[:, 0] > 0
    assert torch.equal(coarser(fine, 4), pooled)
    assert coarser(fine, 12) is fine
    with pytest.raises(ValueError, match="cannot be brought to 5"):
        coarser(fine, 5)
