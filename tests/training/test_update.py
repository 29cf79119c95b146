"""From losses to steps: several optimisers, parts, clipping."""

from dataclasses import replace

import pytest
import torch
from lightning_fabric import Fabric
from torch import nn

from maquette.training.config import TrainConfig, check_precision
from maquette.training.fabric import make_fabric
from maquette.training.update import Updates, average_gradients


def updates(config: TrainConfig, **layers: nn.Linear) -> Updates:
    optimisers = {
        name: torch.optim.SGD(layer.parameters(), lr=0.5 * (k + 1))
        for k, (name, layer) in enumerate(layers.items())
    }
    return Updates(make_fabric(torch.device("cpu"), config), optimisers, config)


@pytest.fixture
def pair() -> dict[str, nn.Linear]:
    return {"one": nn.Linear(1, 1, bias=False), "two": nn.Linear(1, 1, bias=False)}


def test_each_loss_moves_its_own_parameters_alone(pair):
    """A generator's loss goes through the critic, whose parameters it must not touch."""
    config = TrainConfig(schedule="constant", lr=1e9)
    update = updates(config, **pair)
    before = {name: layer.weight.item() for name, layer in pair.items()}
    update.begin(0, 0)
    x = torch.ones(1, 1)
    update("two", pair["two"](pair["one"](x)).sum())
    assert pair["one"].weight.item() == before["one"]
    assert pair["one"].weight.grad is None
    assert pair["two"].weight.item() == pytest.approx(before["two"] - 1.0 * before["one"])
    moved = pair["two"].weight.item()
    update("one", pair["two"](pair["one"](x)).sum())
    assert pair["one"].weight.item() == pytest.approx(before["one"] - 0.5 * moved)
    assert pair["two"].weight.item() == moved


def test_parts_add_up_to_the_mean_of_the_whole_batch(pair):
    del pair["two"]
    update = updates(TrainConfig(batch=4, accumulate=2, schedule="constant"), **pair)
    before = pair["one"].weight.item()
    for part, x in enumerate((1.0, 3.0)):
        update.begin(0, part)
        update("one", pair["one"](torch.full((2, 1), x)).mean())
        assert (pair["one"].weight.item() != before) == (part == 1)
    assert pair["one"].weight.item() == pytest.approx(before - 0.5 * 2.0)


def test_rates_follow_the_schedule_from_what_each_optimiser_began_with(pair):
    update = updates(TrainConfig(schedule="milestones", milestones=(3,), warmup=2), **pair)
    rates = []
    for step in (0, 1, 3):
        update.begin(step, 0)
        rates.append([one.param_groups[0]["lr"] for one in update.optimisers.values()])
    assert rates == [pytest.approx([0.25, 0.5]), pytest.approx([0.5, 1.0]), pytest.approx([0.05, 0.1])]


def test_gradients_are_clipped_for_each_optimiser(pair):
    update = updates(TrainConfig(schedule="constant", clip=0.1), **pair)
    before = {name: layer.weight.item() for name, layer in pair.items()}
    update.begin(0, 0)
    update("one", pair["one"](torch.full((1, 1), 100.0)).sum())
    update("two", pair["two"](torch.full((1, 1), 0.01)).sum())
    assert pair["one"].weight.item() == pytest.approx(before["one"] - 0.5 * 0.1, rel=1e-4)
    assert pair["two"].weight.item() == pytest.approx(before["two"] - 1.0 * 0.01, rel=1e-4)


def test_a_gradient_that_only_another_process_has_counts_as_zero_here(pair, monkeypatch):
    fabric = make_fabric(torch.device("cpu"), TrainConfig())
    sums = iter([torch.tensor([2.0, 1.0, 0.0]), torch.tensor([5.0, 3.0])])
    monkeypatch.setattr("maquette.training.update.total", lambda fabric, tensor: next(sums))
    first, second, third = (nn.Parameter(torch.zeros(1)) for _ in range(3))
    first.grad = torch.ones(1)
    average_gradients(fabric, [first, second, third])
    assert (first.grad.item(), second.grad.item(), third.grad) == (5.0, 3.0, None)


def test_what_fp16_cannot_do_is_refused_in_a_line(pair, monkeypatch):
    halves = TrainConfig(precision="16", batch=4, accumulate=2)
    on_cpu = r"^precision 16: fp16 is for GPUs; what a CPU has in 16 bits is bf16$"
    with pytest.raises(ValueError, match=on_cpu):
        make_fabric(torch.device("cpu"), halves)
    fabric = make_fabric(torch.device("cpu"), TrainConfig())
    optimisers = {name: torch.optim.SGD(layer.parameters()) for name, layer in pair.items()}
    with pytest.raises(ValueError, match=on_cpu):
        Updates(fabric, optimisers, halves)
    monkeypatch.setattr(Fabric, "device", torch.device("cuda"))
    several = r"^precision 16: 2 optimisers cannot share parts of a batch \(accumulate\), as fp16 scales .*$"
    with pytest.raises(ValueError, match=several):
        Updates(fabric, optimisers, halves)
    check_precision(halves, "cuda", optimisers=1)
    check_precision(replace(halves, accumulate=1), "cuda", optimisers=2)
    check_precision(replace(halves, precision="bf16"), "cpu", optimisers=2)


def test_a_second_loss_is_a_step_of_its_own(pair):
    update = updates(TrainConfig(schedule="constant"), **pair)
    before = pair["one"].weight.item()
    update.begin(0, 0)
    for factor in (1.0, 4.0):
        update("one", factor * pair["one"](torch.ones(1, 1)).sum())
    after = pair["one"].weight.item()
    rate = update.optimisers["one"].param_groups[0]["lr"]
    assert before - after == pytest.approx(rate * (1.0 + 4.0))  # not 1 and then 1 + 4


def test_a_loss_is_given_once_to_an_optimiser_that_there_is(pair):
    update = updates(TrainConfig(schedule="constant", batch=4, accumulate=2), **pair)
    update.begin(0, 0)
    update("one", pair["one"](torch.ones(1, 1)).sum())
    with pytest.raises(ValueError, match="'one': twice in one part of a step"):
        update("one", pair["one"](torch.ones(1, 1)).sum())
    with pytest.raises(ValueError, match="'three': known are one, two"):
        update("three", pair["one"](torch.ones(1, 1)).sum())
