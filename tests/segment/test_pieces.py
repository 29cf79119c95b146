"""Large pieces of a mask: which are kept, and what counts as connected."""

import numpy as np

from maquette.segment.pieces import large_pieces


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
