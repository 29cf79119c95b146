"""Pictures of voxels: what is right, extra and missed has its colour; from where it was asked."""

import torch

from maquette.renderer.voxel_pictures import draw_pair, draw_voxels


def grid(x: slice, y: slice, z: slice) -> torch.Tensor:
    cells = torch.zeros(8, 8, 8, dtype=torch.bool)
    cells[x, y, z] = True
    return cells


def share(picture: torch.Tensor, channel: int) -> float:
    """Share of the pixels in which one channel clearly leads."""
    rest = [c for c in range(3) if c != channel]
    return float((picture[channel] > picture[rest].amax(0) + 0.15).float().mean())


def test_right_cells_are_grey_extra_ones_orange_missed_ones_blue():
    target, above = grid(slice(2, 6), slice(1, 5), slice(2, 6)), grid(slice(2, 6), slice(1, 7), slice(2, 6))
    angles = torch.tensor([30.0])
    too_much, whole = draw_pair(above, target, angles, 25.0, 64)
    assert share(too_much[0], 0) > 0.05
    assert share(whole[0], 0) == share(whole[0], 2) == 0
    too_little, part = draw_pair(target, above, angles, 25.0, 64)
    assert share(part[0], 2) > 0.05
    assert share(too_little[0], 0) == share(too_little[0], 2) == 0


def test_one_picture_a_direction_white_around():
    cells = grid(slice(0, 8), slice(3, 5), slice(3, 5))
    predicted, target = draw_pair(cells, cells, torch.tensor([0.0, 90.0, 200.0]), 20.0, 48)
    assert predicted.shape == target.shape == (3, 3, 48, 48)
    assert torch.equal(predicted, target)
    assert (predicted[:, :, 0, 0] == 1).all()
    # A bar along x is short for a camera on the x axis and long for one on the z axis.
    covered = (predicted < 1).any(1).float().mean((1, 2))
    assert covered[1] > 1.2 * covered[0]


def test_empty_grids_are_white():
    empty, cells = torch.zeros(8, 8, 8, dtype=torch.bool), grid(slice(2, 4), slice(2, 4), slice(2, 4))
    predicted, target = draw_pair(empty, cells, torch.tensor([10.0]), 20.0, 32)
    assert (predicted == 1).all()
    assert share(target[0], 2) > 0.02
    assert (draw_pair(empty, empty, torch.tensor([10.0]), 20.0, 32)[1] == 1).all()


def test_a_grid_alone_is_drawn_as_a_pair_of_equals_is():
    cells, angles = grid(slice(2, 6), slice(1, 7), slice(2, 5)), torch.tensor([30.0, 80.0])
    assert torch.equal(draw_voxels(cells, angles, 25.0, 48), draw_pair(cells, cells, angles, 25.0, 48)[0])
    assert (draw_voxels(torch.zeros_like(cells), angles, 25.0, 48) == 1).all()
