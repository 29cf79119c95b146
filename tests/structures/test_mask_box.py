"""The box around a mask against one found pixel by pixel."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from maquette.structures.mask_box import covered_range, mask_box

PIXELS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=5)


@given(pixels=PIXELS)
def test_is_the_smallest_box_with_every_pixel(pixels: list[tuple[int, int]]) -> None:
    mask = torch.zeros(5, 7, dtype=torch.bool)
    for row, column in pixels:
        mask[row, column] = True
    if not pixels:
        assert mask_box(mask) is None
        return
    rows, columns = zip(*pixels, strict=True)
    assert mask_box(mask) == (min(rows), max(rows) + 1, min(columns), max(columns) + 1)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (1, 1)])
def test_nothing_is_covered(shape: tuple[int, int]) -> None:
    assert mask_box(torch.zeros(shape, dtype=torch.bool)) is None


def test_ranges_have_gaps() -> None:
    assert covered_range(torch.tensor([False, True, False, True, False])) == (1, 4)
    assert covered_range(torch.tensor([False])) is None
