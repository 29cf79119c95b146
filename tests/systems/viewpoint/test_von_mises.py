"""Mixtures of von Mises distributions against closed forms and sums over the circle."""

import math

import pytest
import torch
from scipy.stats import vonmises

from maquette.systems.viewpoint.von_mises import likeliest, log_density, resultant_length

CIRCLE = torch.linspace(-math.pi, math.pi, 20_001)[:-1]


def directions(*modes: tuple[float, float]) -> torch.Tensor:
    """One picture's, of angles in degrees and concentrations."""
    angle, length = torch.tensor(modes).unbind(1)
    angle = torch.deg2rad(angle)
    return (length * torch.stack([angle.cos(), angle.sin()])).T[None]


@pytest.mark.parametrize("length", [0.0, 0.5, 20.0, 3000.0])
def test_one_mode_is_scipys(length: float) -> None:
    told = log_density(torch.zeros(1, 1), directions((40, length)), CIRCLE[None])[0]
    off = CIRCLE - math.radians(40)
    known = (
        vonmises.logpdf(off.double().numpy(), length)
        if length
        else torch.full_like(off, -math.log(2 * math.pi))
    )
    torch.testing.assert_close(told.double(), torch.as_tensor(known).double(), atol=2e-3, rtol=1e-4)


def test_a_mixture_adds_up_and_its_mean_is_the_sum_over_the_circle() -> None:
    logits, modes = torch.tensor([[0.3, -1.0, 0.5]]), directions((10, 4), (200, 9), (100, 1))
    density = log_density(logits, modes, CIRCLE[None])[0].exp() * (2 * math.pi / len(CIRCLE))
    assert float(density.sum()) == pytest.approx(1, abs=1e-4)
    mean = torch.stack([(density * CIRCLE.cos()).sum(), (density * CIRCLE.sin()).sum()])
    assert float(resultant_length(logits, modes)) == pytest.approx(float(mean.norm()), abs=1e-4)


def test_front_or_behind_is_unsure_and_the_likelier_is_told() -> None:
    modes = directions((30, 50), (210, 50))
    assert float(resultant_length(torch.zeros(1, 2), modes)) < 1e-5
    told = likeliest(torch.tensor([[0.0, 0.4]]), modes)
    assert float(torch.rad2deg(told)) % 360 == pytest.approx(210, abs=1e-3)
    assert float(resultant_length(torch.tensor([[9.0, 0.0]]), modes)) > 0.98


def test_knowing_nothing_has_a_gradient_of_numbers() -> None:
    modes = torch.zeros(2, 3, 2, requires_grad=True)
    logits = torch.zeros(2, 3, requires_grad=True)
    told = log_density(logits, modes, torch.tensor([[1.0], [2.0]]))
    assert told.flatten().tolist() == pytest.approx([-math.log(2 * math.pi)] * 2, abs=1e-5)
    told.sum().backward()
    assert modes.grad.isfinite().all()
    assert (modes.grad.norm(dim=-1) > 0.1).all()
    assert resultant_length(logits, modes.detach()).tolist() == pytest.approx([0, 0], abs=1e-6)
