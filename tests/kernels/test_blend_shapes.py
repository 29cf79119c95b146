"""Blended shapes against plain torch, and the same bits alone and in a batch."""

import pytest
import torch

from maquette.kernels.blend_shapes import blend_shapes
from maquette.kernels.lanes import in_lanes


@pytest.fixture
def arguments():
    torch.manual_seed(0)
    mean, deltas = torch.randn(50, 3), torch.randint(-2000, 2000, (50, 7, 3), dtype=torch.int16)
    coefficients = torch.randn(4, 7)
    coefficients[1, 2:] = 0
    coefficients[2] = 0
    return mean, deltas, 0.01, coefficients, torch.randn(4, 3, 3), torch.randn(4, 3)


def test_vertices_are_the_sum_moved(arguments) -> None:
    mean, deltas, unit, coefficients, matrices, shifts = arguments
    blended = mean + unit * torch.einsum("pk,vkc->pvc", coefficients.double(), deltas.double())
    expected = torch.einsum("pij,pvj->pvi", matrices.double(), blended) + shifts[:, None]
    blended = blend_shapes(in_lanes(mean), in_lanes(deltas), *arguments[2:])
    torch.testing.assert_close(blended.double(), expected, rtol=1e-4, atol=1e-4)


def test_a_picture_has_the_same_bits_alone(arguments) -> None:
    head = (*map(in_lanes, arguments[:2]), arguments[2])
    together = blend_shapes(*head, *arguments[3:])
    for i in range(4):
        alone = blend_shapes(*head, *(part[i : i + 1] for part in arguments[3:]))
        assert torch.equal(alone[0], together[i])
