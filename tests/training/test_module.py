"""First weights of a module."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent))
from tiny import SIDE, TinyTraining

from maquette.training.config import TrainConfig


def test_network_and_average_start_from_what_fits():
    module = TinyTraining(TrainConfig(ema=0.9))
    before = module.network.bias.detach().clone()
    weight = torch.full((SIDE**3, 1), 2.0)
    taken = module.start_from({"weight": weight, "bias": torch.zeros(5), "head": torch.zeros(1)})
    assert (taken.taken, taken.fresh, taken.unused) == (("weight",), ("bias",), ("head",))
    for network in (module.network, module.averaged):
        assert torch.equal(network.weight, weight)
        assert torch.equal(network.bias, before)
    assert module.network.weight.requires_grad
    assert not module.averaged.weight.requires_grad
    assert module.network.weight.data_ptr() != module.averaged.weight.data_ptr() != weight.data_ptr()


def test_nothing_that_fits_changes_nothing():
    module = TinyTraining(TrainConfig())
    before = module.network.weight.detach().clone()
    assert module.start_from({"weight": torch.zeros(1)}).taken == ()
    assert torch.equal(module.network.weight, before)
    assert module.averaged is None
