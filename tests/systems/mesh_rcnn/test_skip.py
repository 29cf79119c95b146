"""Which steps are not taken: the released code's rule under its name, and ours."""

import math

import pytest
import torch

from maquette.systems.mesh_rcnn.skip import SkipRule
from mesh_rcnn_golden import part, stored

START = [0.5, -0.25, 1.0]


def run(case: dict, original: bool) -> tuple[list[bool], list[list[float]], list[float]]:
    """Adam with the stored losses and gradients: which steps were skipped, parameters, means."""
    rule, parameters = SkipRule(original), torch.nn.Parameter(torch.tensor(START))
    optimiser = torch.optim.Adam([parameters], lr=1e-4)
    skipped, made, means = [], [], []
    for loss, gradient in zip(case["losses"], case["loss_gradients"], strict=True):
        skip = rule.skips(float(loss))
        parameters.grad = torch.zeros(3) if skip else torch.tensor(gradient, dtype=torch.float32)
        if not skip or original:
            optimiser.step()
        skipped.append(skip)
        made.append(parameters.tolist())
        means.append(math.nan if rule.blind else float(rule.mean))
    return skipped, made, means


@pytest.mark.parametrize("name", ["rule", "inf", "nan", "nan_first"])
def test_the_released_rule(name: str) -> None:
    case = part(stored("training"), name)
    skipped, made, means = run(case, original=True)
    assert skipped == case["skipped"].tolist()
    assert torch.allclose(torch.tensor(made), torch.from_numpy(case["params"]), atol=1e-6)
    assert means == pytest.approx(case["moving_average"].tolist(), nan_ok=True)
    gradients = case["loss_gradients"] * ~case["skipped"][:, None]
    assert torch.allclose(torch.from_numpy(gradients).float(), torch.from_numpy(case["grads"]))


def test_a_loss_that_could_not_be_drawn_is_skipped() -> None:
    """The released loop ends with an error where points could not be drawn; here such a loss is infinite."""
    case = part(stored("training"), "none")
    assert "TypeError" in str(case["error"])
    skipped, made, _ = run(case, original=False)
    assert skipped == [False, True, False]
    assert torch.allclose(torch.tensor(made[0]), torch.from_numpy(case["params"][0]))


@pytest.mark.parametrize("name", ["rule", "inf"])
def test_ours_moves_nothing(name: str) -> None:
    case = part(stored("training"), name)
    skipped, made, means = run(case, original=False)
    assert skipped == case["skipped"].tolist()
    assert means == pytest.approx(case["moving_average"].tolist())
    (first,) = [i for i, skip in enumerate(skipped) if skip]
    assert made[first] == made[first - 1]
    assert made[first + 1] != made[first]


def test_nan_does_not_blind_ours() -> None:
    case = part(stored("training"), "nan")
    skipped, _, means = run(case, original=False)
    assert skipped == [False, True, True, False, False]  # 1000 is more than 50 means
    assert means == pytest.approx([1, 1, 1, 1.1, 1.49])


def test_voxel_only_iterations_and_their_schedule_are_counted_from_0() -> None:
    """Gradients of dummy meshes reach those of the released code: here nothing of a mesh is computed."""
    case = part(stored("training"), "voxel_only_first_3")
    assert [step < 3 for step in range(5)] == case["voxel_only"].tolist()
    assert (case["grads"] == case["grads"][0]).all()


def test_a_training_that_only_skips_is_lost() -> None:
    rule = SkipRule()
    rule.skips(1.0)
    for _ in range(101):
        assert not rule.lost
        assert rule.skips(math.nan)
    assert rule.lost
    rule.skips(1.0)
    assert not rule.lost
    assert int(rule.skipped) == 101
