"""Rows in lanes: each is where it is looked for, and there are zeros behind the last."""

import pytest
import torch

from maquette.kernels.lanes import LANES, in_lanes


@pytest.mark.parametrize("count", [1, LANES, LANES + 5])
def test_rows_lie_side_by_side(count: int) -> None:
    rows = torch.arange(1, count * 6 + 1).reshape(count, 2, 3)
    packed = in_lanes(rows)
    assert packed.rows == count
    assert packed.values.shape == (-(-count // LANES), 2, 3, LANES)
    back = packed.values.movedim(-1, 1).flatten(0, 1)
    assert torch.equal(back[:count], rows)
    assert not back[count:].any()
