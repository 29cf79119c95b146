"""Azimuths as shares of bins, and their loss."""

import math

import pytest
import torch

from maquette.systems.r2n2.viewpoint import Viewpoint, azimuth_loss, azimuth_target


def test_an_azimuth_is_shared_by_the_bins_around_it():
    target = azimuth_target(torch.tensor([0.0, 90.0, 45.0, 337.5, -45.0]), 4)
    expected = [[1, 0, 0, 0], [0, 1, 0, 0], [0.5, 0.5, 0, 0], [0.75, 0, 0, 0.25], [0.5, 0, 0, 0.5]]
    torch.testing.assert_close(target, torch.tensor(expected))


@pytest.mark.parametrize("bins", [3, 36])
def test_knowing_nothing_costs_the_logarithm_of_the_bins(bins):
    loss = azimuth_loss(torch.zeros(7, bins), torch.rand(7) * 360)
    assert loss.item() == pytest.approx(math.log(bins), rel=1e-5)


def test_loss_is_least_at_the_truth():
    azimuth = torch.tensor([10.0, 200.0])
    right = azimuth_target(azimuth, 36)
    assert azimuth_loss(right * 50, azimuth) < 1e-6 < azimuth_loss(right.roll(18, dims=1) * 50, azimuth)


def test_head_learns_a_direction():
    torch.manual_seed(0)
    azimuth = torch.rand(256) * 360
    angle = torch.deg2rad(azimuth)
    features = torch.stack([angle.cos(), angle.sin()], dim=1)
    head = Viewpoint(2, 12)
    optimiser = torch.optim.Adam(head.parameters(), 1e-2)
    for _ in range(200):
        optimiser.zero_grad()
        azimuth_loss(head(features), azimuth).backward()
        optimiser.step()
    told = head(features).argmax(dim=1) * 30
    gap = (told - azimuth).abs() % 360
    assert torch.minimum(gap, 360 - gap).median() < 15
