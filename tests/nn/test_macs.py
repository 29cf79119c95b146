"""Counts against numbers worked out by hand."""

from typing import NamedTuple

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


def test_what_is_transposed_counts_by_what_goes_in_and_a_recurrence_by_its_steps() -> None:
    upwards = nn.Sequential(
        nn.ConvTranspose2d(3, 4, 2, stride=2), nn.ConvTranspose2d(4, 5, 4, stride=2, padding=1)
    )
    assert measure_cost(upwards, torch.zeros(2, 3, 5, 6)).macs == {
        "0": 2 * 30 * 3 * 4 * 4,
        "1": 2 * 120 * 4 * 5 * 16,
    }
    solid = nn.Sequential(nn.ConvTranspose3d(3, 4, 4, stride=2, padding=1))
    assert measure_cost(solid, torch.zeros(1, 3, 2, 2, 2)).macs == {"0": 8 * 3 * 4 * 64}
    recurrence = nn.Sequential(nn.LSTM(7, 5, batch_first=True))
    assert measure_cost(recurrence, torch.zeros(2, 3, 7)).macs == {"0": 2 * 3 * 4 * 5 * (7 + 5)}


def test_shapes_of_named_parts() -> None:
    class Two(NamedTuple):
        first: torch.Tensor
        second: torch.Tensor | None

    class Part(nn.Module):
        def forward(self, x):
            return Two(x, None)

    assert measure_cost(nn.Sequential(Part()), torch.zeros(2, 3)).shapes == {"0.first": (2, 3)}
