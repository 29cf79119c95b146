"""Discs where the vertices lie in a map."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from maquette.renderer import TexturesUV
from maquette.vis import texturesuv_image_matplotlib, texturesuv_image_PIL


@pytest.fixture
def texture():
    """A grey map, 21 wide and 11 high, with places at its middle and its upper left corner."""
    places = torch.tensor([[0.5, 0.5], [0.0, 1.0], [0.5, 0.5]])
    return TexturesUV(torch.full((1, 11, 21, 3), 0.5), torch.tensor([[[0, 1, 2]]]), places[None])


def test_picture(texture):
    picture = np.array(texturesuv_image_PIL(texture, color="blue"))
    assert picture.shape == (11, 21, 3)
    for row, column in ((5, 10), (0, 0)):
        assert picture[row, column].tolist() == [0, 0, 255]
    assert picture[5, 15].tolist() == [127, 127, 127]


@pytest.mark.parametrize(("subsample", "count"), [(None, 3), (2, 2)])
def test_axes(texture, subsample, count):
    figure, axes = plt.subplots()
    texturesuv_image_matplotlib(texture, subsample=subsample, radius=2, origin="lower")
    assert axes.images[0].get_array().shape == (11, 21, 3)
    assert axes.images[0].origin == "lower"
    assert len(axes.patches) == count
    assert {patch.center for patch in axes.patches} <= {(10, 5), (0, 0)}
    assert axes.patches[0].radius == 2
    plt.close(figure)
