"""Compositing of points against loops over pixels."""

import pytest
import torch
from torch import Tensor

from maquette.renderer.compositing import alpha_composite, norm_weighted_sum, weighted_sum


def over(alphas: list[float]) -> list[float]:
    weights, passed = [], 1.0
    for alpha in alphas:
        weights.append(alpha * passed)
        passed *= 1 - alpha
    return weights


RULES = {
    alpha_composite: over,
    norm_weighted_sum: lambda alphas: [a / max(sum(alphas), 1e-4) for a in alphas],
    weighted_sum: lambda alphas: alphas,
}


def layers() -> tuple[Tensor, Tensor, Tensor]:
    idx = torch.randint(-1, 6, (2, 4, 3, 5)).sort(dim=1, descending=True).values
    return idx, torch.rand(idx.shape, dtype=torch.float64), torch.rand(3, 6, dtype=torch.float64)


@pytest.mark.parametrize("composite", RULES)
def test_every_pixel(composite) -> None:
    idx, alphas, features = layers()
    alphas[0, :, 0] = 1e-6
    found = composite(idx, alphas, features)
    assert found.shape == (2, 3, 3, 5)
    for n, y, x in torch.cartesian_prod(torch.arange(2), torch.arange(3), torch.arange(5)).tolist():
        seen = [
            (p, a)
            for p, a in zip(idx[n, :, y, x].tolist(), alphas[n, :, y, x].tolist(), strict=True)
            if p >= 0
        ]
        weights = RULES[composite]([a for _, a in seen])
        wanted = sum(
            (w * features[:, p] for w, (p, _) in zip(weights, seen, strict=True)), torch.zeros(3).double()
        )
        torch.testing.assert_close(found[n, :, y, x], wanted)


@pytest.mark.parametrize("composite", RULES)
def test_gradients(composite) -> None:
    idx, alphas, features = layers()
    inputs = (alphas.requires_grad_(), features.requires_grad_())
    assert torch.autograd.gradcheck(lambda a, f: composite(idx, a, f), inputs)


@pytest.mark.parametrize("composite", RULES)
def test_opaque_points_and_none(composite) -> None:
    idx = torch.tensor([0, 1, -1]).view(1, 3, 1, 1)
    alphas = torch.tensor([1.0, 1.0, 9.0]).view(1, 3, 1, 1).requires_grad_()
    composite(idx, alphas, torch.tensor([[1.0, 2.0]])).sum().backward()
    assert alphas.grad.isfinite().all()
    assert alphas.grad[0, 2] == 0
    assert not composite(torch.full_like(idx, -1), alphas, torch.zeros(2, 0)).any()
