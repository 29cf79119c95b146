"""Flood from the sides of a grid against scipy's, for sizes around a word."""

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_fill_holes

from maquette.kernels.voxel_cavities import fill_cavities


def packed(solid):
    padding = -solid.shape[-1] % 32
    bits = np.packbits(np.pad(solid, [(0, 0)] * 3 + [(0, padding)]), axis=-1, bitorder="little")
    return torch.from_numpy(bits.view(np.uint32).reshape(-1).copy())


def unpacked(bits, shape):
    bytes_ = bits.numpy().view(np.uint8).reshape(*shape[:3], -1)
    return np.unpackbits(bytes_, axis=-1, bitorder="little")[..., : shape[3]].astype(bool)


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 70])
@pytest.mark.parametrize("share", [0.35, 0.6])
def test_matches_a_flood_cell_by_cell(n, share):
    solid = torch.rand(2, n, n, n).numpy() < share
    bits = packed(solid)
    fill_cavities(bits, n)
    assert np.array_equal(unpacked(bits, solid.shape), [binary_fill_holes(grid) for grid in solid])


def test_follows_a_winding_corridor():
    n = 35
    solid = np.ones((1, n, n, n), bool)
    for layer in range(1, n - 2, 2):
        solid[0, layer, 1:-1, 17] = False
        solid[0, layer + 1, 1 if layer % 4 == 1 else n - 2, 17] = False
    shut = packed(solid)
    solid[0, 0, 1, 17] = False
    open_ = packed(solid)
    for bits in (shut, open_):
        fill_cavities(bits, n)
    shut, open_ = unpacked(shut, solid.shape), unpacked(open_, solid.shape)
    assert np.array_equal(open_, solid)
    assert shut.all()
