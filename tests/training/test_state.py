"""Checkpoints of runs: what version 0.1 wrote, and what is no run's."""

import json
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from maquette.io.checksum import sha256_of
from maquette.io.errors import BadInput
from maquette.training.checkpoint_files import Checkpoint
from maquette.training.config import TrainConfig
from maquette.training.optimiser import make_optimiser
from maquette.training.progress import Progress
from maquette.training.state import progress_of, read_state, restore_module, restore_optimisers, save_state

sys.path.insert(0, str(Path(__file__).parent))
from tiny import TinyTraining

OLD_KEEPER = {
    "loss": 1.5, "iou": 0.25, "count": 3, "seconds": 60.0, "best_iou": 0.5, "best_step": 4, "worse": 2,
    "val_loss": 0.7, "val_iou": 0.4, "stopped": False,
}  # fmt: skip


@pytest.fixture
def module() -> TinyTraining:
    module = TinyTraining(TrainConfig(ema=0.9))
    module.step_count = 7
    return module


def moved(module: TinyTraining) -> torch.optim.Optimizer:
    """An optimiser that has made a step."""
    optimiser = make_optimiser(module.network, module.training_config)
    module.network(torch.ones(1, 1)).sum().backward()
    optimiser.step()
    return optimiser


def test_a_checkpoint_brings_everything_back(module, tmp_path):
    optimiser = moved(module)
    progress = Progress({"loss": 0.1 + 0.2}, {"loss": 3.0}, 12.5, 0.75, 4, 1)
    save_state(tmp_path / "step", module, {"network": optimiser}, progress, {})
    other = TinyTraining(TrainConfig(ema=0.9, seed=5))
    again = make_optimiser(other.network, other.training_config)
    checkpoint = read_state(tmp_path / "step")
    restore_module(other, checkpoint, tmp_path)
    restore_optimisers({"network": again}, checkpoint, tmp_path / "step")
    assert other.step_count == 7
    assert progress_of(checkpoint) == progress
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name])
    for one, two in zip(optimiser.state.values(), again.state.values(), strict=True):
        assert all(torch.equal(one[name], two[name]) for name in one)


def test_steps_behind_a_checkpoint_are_the_same_whatever_the_order_in_memory(tmp_path):
    """Weights may lie channels-last, as those of dynamic blocks do; files hold numbers in the order of axes."""
    torch.manual_seed(0)
    config, steps = TrainConfig(optimiser="adamw", lr=0.1), []
    for _ in range(2):
        module = TinyTraining(config)
        module.kept.conv = torch.nn.Conv2d(2, 3, 3).to(memory_format=torch.channels_last)
        steps.append((module, make_optimiser(module.network, config)))
    (module, optimiser), (other, again) = steps

    def step(one: TinyTraining, by: torch.optim.Optimizer) -> None:
        by.zero_grad()
        one.kept.conv(torch.linspace(-1, 1, 50).view(1, 2, 5, 5)).square().sum().backward()
        by.step()

    step(module, optimiser)
    save_state(tmp_path / "step", module, {"network": optimiser}, Progress(), {})
    checkpoint = read_state(tmp_path / "step")
    restore_module(other, checkpoint, tmp_path)
    restore_optimisers({"network": again}, checkpoint, tmp_path / "step")
    step(module, optimiser)
    step(other, again)
    assert torch.equal(module.kept.conv.weight, other.kept.conv.weight)


def test_a_checkpoint_of_version_0_1_is_understood(module, tmp_path):
    optimiser, folder = moved(module), tmp_path / "step"
    folder.mkdir()
    state, of = module.state_dict(), optimiser.state_dict()
    groups = {
        "weights": {name: tensor for name, tensor in state.items() if name.startswith("network.")},
        "average": {name: tensor for name, tensor in state.items() if name.startswith("averaged.")},
        "optimiser": {f"{k}/{name}": x for k, entry in of["state"].items() for name, x in entry.items()},
    }
    for name, tensors in groups.items():
        save_file(tensors, folder / f"{name}.safetensors")
    about = {"format": "maquette-checkpoint/1", "callbacks": {"Keeper": OLD_KEEPER}, "step": 7, "random": []}
    about |= {"files": {name: sha256_of(folder / f"{name}.safetensors") for name in groups}}
    about |= {"optimiser_groups": of["param_groups"], "epoch": 0, "global_step": 7}
    (folder / "state.json").write_text(json.dumps(about))
    checkpoint = read_state(folder)
    assert progress_of(checkpoint) == Progress(
        {"loss": 1.5, "iou": 0.25}, {"loss": 3.0, "iou": 3.0}, 60.0, 0.5, 4, 2
    )
    other = TinyTraining(TrainConfig(ema=0.9, seed=5))
    again = make_optimiser(other.network, other.training_config)
    restore_module(other, checkpoint, tmp_path)
    restore_optimisers({"network": again}, checkpoint, folder)
    assert torch.equal(other.network.weight, module.network.weight)
    assert torch.equal(other.averaged.bias, module.averaged.bias)
    assert len(again.state) == len(optimiser.state) == 2


def test_a_checkpoint_of_other_optimisers_is_refused(module, tmp_path):
    save_state(tmp_path / "step", module, {"critic": moved(module)}, Progress(), {})
    with pytest.raises(BadInput, match="is a checkpoint of the optimisers critic, not of network"):
        restore_optimisers({"network": moved(module)}, read_state(tmp_path / "step"), tmp_path / "step")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"step": "7"}, "step must be a whole number"),
        ({"progress": []}, "progress must be an object"),
        ({"progress": {"seconds": "three"}}, "progress.seconds must be a number"),
        ({"callbacks": {}}, "is not the state of a run"),
        ({"scaler": None}, "scaler must be an object"),
        ({"optimisers": {"network": {}}}, "optimisers.network must be a list"),
        ({"files": {}}, "no weights"),
        ({"files": {"../x": "0"}}, r"'\.\./x' is not the name of a file beside it"),
        ({"files": {"weights": 3}}, r"files\.weights must be a word, got 3"),
    ],
)
def test_a_state_that_is_no_runs_is_refused(module, tmp_path, changed, said):
    save_state(tmp_path / "step", module, {"network": moved(module)}, Progress(), {})
    file = tmp_path / "step" / "state.json"
    about = json.loads(file.read_text())
    del about["sha256"]
    if "callbacks" in changed:
        del about["progress"]
    file.write_text(json.dumps(about | changed))
    with pytest.raises(BadInput, match=said):
        read_state(tmp_path / "step")


@pytest.mark.parametrize("groups", [[], [{}], [{"params": [0]}], [{"params": 5}, {"params": 6}]])
def test_groups_that_are_no_optimisers_are_refused(module, tmp_path, groups):
    save_state(tmp_path / "step", module, {"network": moved(module)}, Progress(), {})
    tensors, state = read_state(tmp_path / "step")
    broken = Checkpoint(tensors, state | {"optimisers": {"network": groups}})
    with pytest.raises(BadInput, match="is a checkpoint of another optimiser"):
        restore_optimisers({"network": moved(module)}, broken, tmp_path / "step")


def test_a_checkpoint_of_another_network_is_refused(module, tmp_path):
    save_state(tmp_path / "step", module, {"network": moved(module)}, Progress(), {})
    other = TinyTraining(TrainConfig())
    with pytest.raises(BadInput, match="is a checkpoint of another network"):
        restore_module(other, read_state(tmp_path / "step"), tmp_path / "step")
