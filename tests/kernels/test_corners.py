"""From corners back to vertices: the adjoint of `verts[faces]`."""

import pytest
import torch

from maquette.kernels.corners import add_corners, picture_pieces


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_pieces_are_whole_meshes_that_cover_all_faces(threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        count = torch.tensor([3, 0, 5, 1])
        pieces = picture_pieces(torch.cumsum(count, 0) - count, count)
    finally:
        torch.set_num_threads(before)
    assert [f for start, stop in pieces for f in range(start, stop)] == list(range(9))
    assert {stop for _, stop in pieces} <= {3, 8, 9}
    assert len(pieces) <= min(threads, 4)


def test_pieces_of_nothing():
    none = torch.zeros(0, dtype=torch.long)
    assert all(start == stop for start, stop in picture_pieces(none, none))


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("channels", [2, 3])
def test_is_the_adjoint_of_looking_up_corners(layers, channels):
    g = torch.Generator().manual_seed(0)
    faces = torch.cat(
        (torch.randint(0, 10, (20, 3), generator=g), torch.randint(10, 16, (12, 3), generator=g))
    )
    corners = torch.randn(layers, 32, 3, channels, generator=g)
    found = add_corners(corners, faces, 16, [(0, 20), (20, 32)])
    verts = torch.zeros(16, channels, dtype=torch.float64, requires_grad=True)
    (verts[faces] * corners.double().sum(0)).sum().backward()
    torch.testing.assert_close(found.double(), verts.grad, atol=1e-5, rtol=1e-5)
    assert torch.equal(found, add_corners(corners, faces, 16, [(0, 20), (20, 32)]))


def test_no_faces():
    out = add_corners(torch.zeros(1, 0, 3, 3), torch.zeros(0, 3, dtype=torch.long), 4, [])
    assert torch.equal(out, torch.zeros(4, 3))
