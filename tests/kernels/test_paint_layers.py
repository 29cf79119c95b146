"""Layers of paint against plain torch."""

import torch

from maquette.kernels.lanes import in_lanes
from maquette.kernels.paint_layers import paint_layers


def test_layers_cover_what_lies_below() -> None:
    torch.manual_seed(0)
    layers = torch.randint(0, 256, (40, 3), dtype=torch.uint8)
    ground, colours, covers = torch.rand(2, 3), torch.rand(2, 3, 3), torch.rand(2, 3, 3) * 2 - 0.5
    covers[..., 2].clamp_(0, 1)
    expected = ground[:, None].expand(2, 40, 3)
    for k in range(3):
        gain, offset, most = covers[:, k, None].unbind(-1)
        amount = torch.minimum((gain * layers[:, k] / 255 + offset).clamp(min=0), most)
        expected = expected + (colours[:, k, None] - expected) * amount[..., None]
    torch.testing.assert_close(paint_layers(in_lanes(layers), ground, colours, covers), expected)


def test_a_full_layer_hides_all_others() -> None:
    layers = torch.full((1, 2), 255, dtype=torch.uint8)
    colours = torch.tensor([[[1.0, 0, 0], [0, 1, 0]]])
    covers = torch.tensor([[[1.0, 0, 1], [1, 0, 1]]])
    assert paint_layers(in_lanes(layers), torch.zeros(1, 3), colours, covers).tolist() == [[[0, 1, 0]]]
