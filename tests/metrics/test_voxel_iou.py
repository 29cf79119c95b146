"""IoU of voxel grids: known grids, thresholds, empty grids."""

import pytest
import torch

from maquette.metrics.voxel_iou import voxel_iou


def box(x: slice, y: slice, z: slice, side: int = 8) -> torch.Tensor:
    grid = torch.zeros(1, side, side, side, dtype=torch.bool)
    grid[:, x, y, z] = True
    return grid


def test_shifted_boxes():
    one, two = box(slice(0, 4), slice(0, 4), slice(0, 4)), box(slice(1, 5), slice(2, 6), slice(0, 4))
    expected = (3 * 2 * 4) / (2 * 64 - 3 * 2 * 4)
    torch.testing.assert_close(voxel_iou(one, two), torch.tensor([expected]))


def test_equal_disjoint_and_empty_grids():
    half = box(slice(0, 4), slice(0, 8), slice(0, 8))
    other, empty = box(slice(4, 8), slice(0, 8), slice(0, 8)), torch.zeros(1, 8, 8, 8, dtype=torch.bool)
    predicted, target = torch.cat([half, half, empty, empty]), torch.cat([half, other, half, empty])
    assert voxel_iou(predicted, target).tolist() == [1, 0, 0, 1]


def test_a_cell_at_the_threshold_is_solid():
    probability = torch.full((1, 2, 2, 2), 0.4)
    probability[0, 0, 0] = torch.tensor([0.39999, 0.40001])
    target = torch.ones(1, 2, 2, 2, dtype=torch.bool)
    assert voxel_iou(probability, target, 0.4).item() == pytest.approx(7 / 8)
    assert voxel_iou(probability, target, 0.40001).item() == pytest.approx(1 / 8)


def test_samples_are_scored_alone():
    torch.manual_seed(3)
    probability, target = torch.rand(5, 6, 6, 6), torch.rand(5, 6, 6, 6) > 0.7
    together = voxel_iou(probability, target, 0.5)
    alone = torch.cat([voxel_iou(p[None], t[None], 0.5) for p, t in zip(probability, target, strict=True)])
    assert torch.equal(together, alone)
