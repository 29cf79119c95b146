"""The box of a mask is the slice that holds all of it and nothing more."""

import pytest
import torch

from maquette.lift.box import mask_box


@pytest.mark.parametrize("box", [(2, 5, 1, 9), (0, 6, 0, 10), (5, 6, 9, 10)])
def test_a_box_is_found_again(box):
    mask = torch.zeros(6, 10, dtype=torch.bool)
    top, bottom, left, right = box
    mask[top, left] = mask[bottom - 1, right - 1] = True
    assert mask_box(mask) == box


def test_an_empty_mask_has_none():
    assert mask_box(torch.zeros(6, 10, dtype=torch.bool)) is None
