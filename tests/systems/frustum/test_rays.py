"""Rays: probabilities that follow from what is told of them, and the loss on it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.systems.frustum.config import LossConfig
from maquette.systems.frustum.loss import front_loss, frustum_loss, run_loss
from maquette.systems.frustum.rays import Rays, agreed, filled, rays_on, taken


def rays(count: int = 5, depths: int = 12, run: int = 4) -> Rays:
    return Rays.of_output(torch.randn(count, 2 * depths + run), depths)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20))
def test_a_surface_is_spread_by_its_run(depths: int, run: int) -> None:
    told = rays(3, depths, min(run, depths))
    front, behind = told.front.softmax(1), told.run.sigmoid()
    expected = torch.zeros(3, depths)
    for place in range(depths):
        for k in range(min(run, depths)):
            if place + k < depths:
                expected[:, place + k] += front[:, place] * behind[:, k]
    assert torch.allclose(told.visible(), expected, atol=1e-5)


def test_a_sure_surface_with_a_short_run_is_thin_wherever_it_is() -> None:
    front, run = torch.full((2, 10), -50.0), torch.tensor([[50.0, 50.0, -50.0]]).expand(2, 3)
    front[0, 2] = front[1, 7] = 50.0
    solid = Rays(torch.full((2, 10), -50.0), front, run).solid()
    assert (solid > 0.5).nonzero().tolist() == [[0, 2], [0, 3], [1, 7], [1, 8]]


def test_gradients() -> None:
    told = torch.randn(3, 2 * 6 + 3, dtype=torch.float64, requires_grad=True)

    def solid(x: torch.Tensor) -> torch.Tensor:
        return Rays(x[:, :6], x[:, 6:12], x[:, 12:]).solid()

    assert torch.autograd.gradcheck(solid, told)


def test_rays_near_the_mask_are_the_objects() -> None:
    mask = torch.zeros(1, 1, 16, 16)
    mask[..., 6:8, 6:8] = 1
    on = rays_on(mask, 8)
    assert on.nonzero()[:, 1:].tolist() == [[i, j] for i in (2, 3, 4) for j in (2, 3, 4)]


def test_taken_and_filled_are_inverse() -> None:
    on = torch.rand(2, 6, 6) < 0.4
    field = torch.randn(2, 9, 6, 6) * on[:, None]
    assert torch.equal(filled(taken(field, on), on), field)


def test_neighbours_settle_where_a_surface_is() -> None:
    """One ray that differs is outvoted; on both sides of an edge in depth the surface stays where it was."""
    on = torch.ones(1, 6, 6, dtype=torch.bool)
    on[0, 0, 0] = False
    place = torch.full((6, 6), 2)
    place[:, 3:] = 8
    told = place.clone()
    told[4, 1] = 6
    front = 4 * torch.nn.functional.one_hot(told[on[0]], 10).float() + 0.1 * torch.randn(35, 10)
    given = Rays(torch.randn(35, 10), front, torch.randn(35, 3))
    found = agreed(given, on)
    assert torch.equal(found.front.argmax(1), place[on[0]])
    assert torch.equal(found.hidden, given.hidden)
    assert torch.equal(found.run, given.run)
    before, after = given.front.softmax(1).amax(1), found.front.softmax(1).amax(1)
    assert after.median() > before.median()


def test_the_loss_is_least_at_the_truth() -> None:
    solid = torch.zeros(4, 12)
    solid[:, 3:6] = 1
    front, image = torch.tensor([3.5, 3.5, 3.5, -1.0]), torch.tensor([0, 0, 1, 1])
    told = torch.full((4, 28), -20.0)
    told[:, 12 + 3] = 20.0  # the surface lies in cell 3
    told[:, 24:27] = 20.0
    right = Rays.of_output(told, 12)
    total, terms = frustum_loss(right, solid, front, image, 2, 2000, LossConfig())
    assert total < 0.02
    assert set(terms) == {"cross_entropy", "dice", "front", "run"}
    wrong = Rays.of_output(told.roll(1, 1), 12)
    assert frustum_loss(wrong, solid, front, image, 2, 2000, LossConfig())[0] > 1


def test_between_two_cells_the_surface_belongs_to_both() -> None:
    logits = torch.log(torch.tensor([[0.05, 0.45, 0.45, 0.05]]))
    half = front_loss(logits, torch.tensor([2.0]))
    assert torch.allclose(half, -torch.tensor(0.45).log(), atol=1e-4)
    assert torch.allclose(front_loss(logits, torch.tensor([0.0])), -torch.tensor(0.05).log(), atol=1e-4)


def test_behind_the_frustum_nothing_is_solid() -> None:
    solid = torch.ones(1, 4)
    full = run_loss(torch.tensor([[9.0, 9.0, -9.0, -9.0]]), solid, torch.tensor([2.0]))
    assert full < 1e-3


@pytest.mark.parametrize(
    "weights", [{"front": -1.0}, {"cross_entropy": 0.0, "dice": 0.0}, {"run": float("nan")}]
)
def test_weights_that_make_no_sense_are_refused(weights) -> None:
    with pytest.raises(ValueError, match="weights"):
        LossConfig(**weights)
