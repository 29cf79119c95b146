"""The network that looks for faces: what it says of which cells, and where they are."""

import torch

from maquette.segment.face_net import SIDES, STRIDE, FaceNet, middles


def test_every_cell_is_told_of() -> None:
    network = FaceNet().eval()
    with torch.no_grad():
        cells = network(torch.rand(2, 3, 3 * SIDES, 4 * SIDES))
    assert cells.logit.shape == (2, 3 * SIDES // STRIDE, 4 * SIDES // STRIDE)
    assert cells.places.shape == (2, 4, 2, *cells.logit.shape[1:])


def test_middles_are_those_of_cells() -> None:
    at = middles(2, 3, torch.device("cpu"))
    assert at[0].tolist() == [[4.0, 12.0, 20.0]] * 2
    assert at[1].tolist() == [[4.0] * 3, [12.0] * 3]


def test_a_picture_says_the_same_alone_and_in_a_batch() -> None:

    network = FaceNet().eval()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        together, alone = network(images), network(images[:1])
    torch.testing.assert_close(together.logit[:1], alone.logit, rtol=1e-4, atol=1e-4)
