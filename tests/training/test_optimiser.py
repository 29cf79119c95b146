"""The optimiser's groups, its steps against the formulas, and where one kernel does them."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from maquette.training.config import TrainConfig
from maquette.training.fabric import make_fabric
from maquette.training.optimiser import make_optimiser
from maquette.training.update import Updates

CONFIG = TrainConfig(lr=0.1, weight_decay=0.5)


@pytest.mark.parametrize("decay_biases", [False, True])
@pytest.mark.parametrize("kind", ["adam", "adamw"])
def test_the_first_step_is_the_formula_s(kind, decay_biases):
    network = nn.Linear(3, 2)
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    grads = {name: torch.randn_like(p) for name, p in before.items()}
    for name, p in network.named_parameters():
        p.grad = grads[name].clone()
    make_optimiser(network, replace(CONFIG, optimiser=kind, decay_biases=decay_biases)).step()
    for name, p in network.named_parameters():
        decay = CONFIG.weight_decay if decay_biases or name == "weight" else 0.0
        if kind == "adam":  # Adam's first step has the size of the learning rate, whatever the gradient's
            expected = before[name] - 0.1 * (grads[name] + decay * before[name]).sign()
        else:
            expected = before[name] * (1 - 0.1 * decay) - 0.1 * grads[name].sign()
        torch.testing.assert_close(p.detach(), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("precision", ["32", "auto", "bf16"])
def test_one_kernel_moves_a_parameter_whose_gradient_is_clipped(precision):
    config = replace(CONFIG, precision=precision, optimiser="adamw", clip=0.5)
    network = nn.Linear(3, 2)
    optimiser = make_optimiser(network, config)
    assert optimiser.defaults["fused"]
    fabric = make_fabric(torch.device("cpu"), config)
    updates = Updates(fabric, {"network": optimiser}, config)
    updates.begin(0, 0)
    with fabric.autocast():
        updates("network", 100 * network(torch.ones(4, 3)).float().square().mean())
    norm = torch.stack([p.grad.norm() for p in network.parameters()]).norm()
    assert norm <= 0.5 + 1e-3


def test_frozen_parameters_are_left_out():
    network = nn.Linear(3, 2)
    network.weight.requires_grad_(False)
    assert [len(group["params"]) for group in make_optimiser(network, CONFIG).param_groups] == [1]
