import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from maquette.structures.voxel_bits import pack_voxels, unpack_voxels


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 4, 6, 32]))
def test_bytes_are_numpys_and_lead_back(seed, side):
    grids = torch.rand((3, side, side, side), generator=torch.Generator().manual_seed(seed)) < 0.4
    packed = pack_voxels(grids)
    assert np.array_equal(packed.numpy(), np.packbits(grids.flatten(1).numpy(), axis=1))
    assert torch.equal(unpack_voxels(packed, side), grids)
    assert torch.equal(unpack_voxels(packed, side, torch.float32), grids.float())
