"""First weights of a module, and the moving average of what is kept."""

import sys
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))
from tiny import SIDE, TinyTraining

from maquette.training.config import TrainConfig
from maquette.training.module import TrainingModule, running_statistics


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


class Normed(nn.Module):
    """Batch normalisation, and a memory of keys that are no running statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(2)
        self.register_buffer("keys", torch.zeros(2))
        self.register_buffer("ages", torch.zeros(2, dtype=torch.long))


class NormedTraining(TinyTraining):
    def __init__(self, config: TrainConfig, kept: bool = False) -> None:
        network = nn.ModuleDict({"kept": Normed(), "other": nn.Linear(1, 1)})
        TrainingModule.__init__(self, network, config, network["kept"] if kept else None)


def test_the_average_follows_running_statistics_and_copies_other_state():
    module = NormedTraining(TrainConfig(ema=0.9), kept=True)
    own, average = module.kept, module.averaged
    expected = torch.zeros(2)
    for step in range(20):
        own.norm(torch.randn(8, 2) + 3)
        own.keys += 1
        own.ages += 2
        module.follow()
        decay = min(0.9, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * own.norm.running_mean
    torch.testing.assert_close(average.norm.running_mean, expected)
    assert 2 < float(average.norm.running_mean.mean()) < float(own.norm.running_mean.mean())
    assert torch.equal(average.keys, own.keys)
    assert torch.equal(average.ages, own.ages)
    assert int(average.norm.num_batches_tracked) == 20
    assert module.step_count == 20


def test_only_what_is_kept_is_averaged_and_evaluated():
    module = NormedTraining(TrainConfig(ema=0.9), kept=True)
    assert isinstance(module.best_network, Normed)
    assert not [name for name in module.state_dict() if "averaged.other" in name]
    unaveraged = NormedTraining(TrainConfig(), kept=True)
    assert unaveraged.best_network is unaveraged.network["kept"]
    plain = NormedTraining(TrainConfig())
    assert plain.best_network is plain.network
    assert len(running_statistics(plain.network)) == 2
