"""Counts against numbers worked out by hand."""

import torch
from torch import nn

from maquette.nn.macs import count_parameters, measure_cost
from maquette.nn.unpool_conv3d import UnpoolConv3d, UnpoolSkip3d


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.flat = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Flatten())
        self.dense = nn.Linear(4 * 5 * 5, 8)
        self.solid = UnpoolConv3d(1, 2)
        self.skip = UnpoolSkip3d(1, 2)

    def forward(self, x):
        cube = self.dense(self.flat(x)).view(-1, 1, 2, 2, 2)
        return self.skip(cube, self.solid(cube))


def test_multiplications_shapes_and_parameters() -> None:
    network = Small()
    cost = measure_cost(network, torch.zeros(2, 3, 5, 5))
    assert cost.macs == {
        "flat.0": 2 * 25 * 4 * 27,
        "dense": 2 * 100 * 8,
        "solid": 2 * 8 * 2 * 27,
        "skip": 2 * 8 * 2,
    }
    assert cost.total == sum(cost.macs.values())
    assert cost.shapes == {
        "flat": (2, 100),
        "dense": (2, 8),
        "solid": (2, 2, 4, 4, 4),
        "skip": (2, 2, 4, 4, 4),
    }
    assert count_parameters(network) == {"flat.0": 112, "dense": 808, "solid": 56, "skip": 4}
    assert not any(module._forward_hooks for module in network.modules())


class Pyramid(nn.Module):
    def forward(self, x):
        return {4: x, 8: x[..., ::2, ::2]}


def test_a_part_that_gives_several_tensors() -> None:
    assert measure_cost(nn.Sequential(Pyramid()), torch.zeros(1, 3, 6, 4)).shapes == {
        "0.4": (1, 3, 6, 4),
        "0.8": (1, 3, 3, 2),
    }
