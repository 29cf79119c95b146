"""Pictures of fewer pixels."""

import torch

from maquette.ops.shrunk import shrunk


def test_small_pictures_stay_and_large_ones_become_means() -> None:
    pictures = torch.rand(2, 3, 40, 60, generator=torch.Generator().manual_seed(0))
    assert shrunk(pictures, 60) is pictures
    half = shrunk(pictures, 30)
    assert half.shape == (2, 3, 20, 30)
    assert torch.allclose(half[1, 2, 3, 4], pictures[1, 2, 6:8, 8:10].mean())


def test_a_narrow_picture_keeps_a_pixel() -> None:
    assert shrunk(torch.ones(1, 1, 2, 400), 100).shape == (1, 1, 1, 100)
