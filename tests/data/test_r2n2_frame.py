import torch

from maquette.data.r2n2_frame import (
    azimuth_from_layout,
    azimuth_to_layout,
    voxels_from_layout,
    voxels_to_layout,
)


def test_the_turn_takes_x_to_z_and_back() -> None:
    grid = torch.zeros(2, 4, 4, 4, dtype=torch.bool)
    grid[:, 3, 1, 2] = True  # at +X, a step towards +Z
    turned = voxels_from_layout(grid)
    assert turned.nonzero().tolist() == [[0, 1, 1, 3], [1, 1, 1, 3]]  # at +Z, a step towards -X
    assert torch.equal(voxels_to_layout(turned), grid)


def test_azimuths_turn_with_the_voxels() -> None:
    azimuth = torch.tensor([0.0, 90.0, 300.0])
    assert azimuth_from_layout(azimuth).tolist() == [90.0, 180.0, 30.0]
    assert azimuth_to_layout(azimuth_from_layout(azimuth)).tolist() == azimuth.tolist()
