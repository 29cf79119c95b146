"""How much two masks share."""

import pytest
import torch

from maquette.structures.mask_box import mask_overlap


def test_it_is_what_both_cover_of_what_either_does() -> None:
    one, other = torch.zeros(4, 6, dtype=torch.bool), torch.zeros(4, 6, dtype=torch.bool)
    one[:2], other[1:3] = True, True
    assert mask_overlap(one, other) == pytest.approx(1 / 3)
    assert mask_overlap(one, one) == 1
    assert mask_overlap(one, torch.zeros_like(one)) == 0
    assert mask_overlap(torch.zeros_like(one), torch.zeros_like(one)) == 0
