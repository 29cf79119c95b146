"""Large pieces of a mask: which are kept, and what counts as connected."""

import warnings

import numpy as np
import pytest
import torch

from maquette.io.errors import LeftOut
from maquette.segment import find_masks, with_masks
from maquette.segment.pieces import large_pieces, without_specks
from maquette.structures import Views


def test_pieces_are_kept_by_their_share_of_the_largest():
    mask = np.zeros((8, 12), bool)
    mask[1:5, 1:6] = True  # 20 cells
    mask[6, 8:12] = True  # 4
    mask[1, 9] = True  # 1
    assert large_pieces(mask, 0.3).sum() == 20
    assert large_pieces(mask, 0.2).sum() == 24
    np.testing.assert_array_equal(large_pieces(mask, 0.05), mask)


def test_corners_connect_only_where_asked_for():
    mask = np.eye(5, dtype=bool)
    mask[0, 1] = True
    assert large_pieces(mask, 0.9).sum() == 3
    np.testing.assert_array_equal(large_pieces(mask, 0.9, np.ones((3, 3))), mask)


def test_nothing_is_no_piece():
    assert large_pieces(np.zeros((3, 3), bool), 0.5) is None


def square_with(*specks: tuple[int, int]) -> torch.Tensor:
    mask = torch.zeros(1, 100, 100)
    mask[:, 40:80, 40:80] = 1
    for row, column in specks:
        mask[:, row, column] = 1
    return mask


def test_specks_far_from_the_object_are_dropped_and_said() -> None:
    mask = square_with((2, 2), (97, 50))
    mask[:, 3, 2] = 0.3  # its soft edge
    with pytest.warns(LeftOut, match="mine: 2 specks of the mask, 2 pixels far from the object"):
        assert torch.equal(without_specks(mask, "mine"), square_with())


def test_small_pieces_near_or_within_the_object_stay() -> None:
    near = square_with((38, 50))
    ring = square_with()
    ring[:, 50:70, 50:70] = 0
    ring[:, 60, 60] = 1
    parts = square_with()
    parts[:, 5:15, 5:15] = 1  # a fortieth of it and more is no speck
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for mask in (near, ring, parts, torch.zeros(1, 9, 9)):
            assert without_specks(mask, "") is mask


def test_specks_are_dropped_from_every_source() -> None:
    views = Views([torch.rand(3, 100, 100)], [square_with((2, 2))])
    with pytest.warns(LeftOut):
        assert torch.equal(with_masks(views).masks[0], square_with())
    with pytest.warns(LeftOut):
        assert torch.equal(find_masks(views)[0].mask, square_with())
