"""Masks that the network cannot be shown are refused by the picture's name."""

import pytest
import torch

from maquette.io import BadInput
from maquette.structures.views import Views
from tiny_frustum import tiny_frustum


def test_a_wire_is_refused() -> None:
    mask = torch.zeros(1, 40, 400)
    mask[0, 20] = 1
    with pytest.raises(BadInput, match=r"wire\.png: the object is too thin"):
        tiny_frustum().reconstruct(Views([torch.rand(3, 40, 400)], [mask], names=["wire.png"]))


def test_an_empty_mask_is_refused() -> None:
    with pytest.raises(BadInput, match=r"grey\.png: the mask is empty"):
        tiny_frustum().reconstruct(
            Views([torch.rand(3, 40, 40)], [torch.zeros(1, 40, 40)], names=["grey.png"])
        )
