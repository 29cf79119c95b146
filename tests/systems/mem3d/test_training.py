"""A memory that fills: written behind steps alone, the same to the bit when resumed, in parts and in processes."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from maquette.data.batch import Batch, Entry, Truth
from maquette.io.errors import BadInput
from maquette.systems.mem3d.config import LossConfig
from maquette.systems.mem3d.recipes import Mem3DConfig, best
from maquette.systems.mem3d.system import Mem3DSystem
from maquette.systems.mem3d.training import Mem3DTraining, _see
from maquette.training.fabric import make_fabric
from maquette.training.fit import FitOptions, fit
from maquette.training.run_folder import RunFolder
from maquette.training.trainer import Reporter
from tiny_mem3d import SIZE, tiny_config


class Noise:
    """Ten objects of the training split and two of validation, each a picture and a grid of noise."""

    provides = frozenset({"voxels"})
    entries = [Entry(f"shape-{i}", "noise", "train" if i < 10 else "val") for i in range(12)]

    def training_batch(self, step: int, count: int, views: int, part=(0, 1), device="cpu") -> Batch:
        own = count // part[1]
        return self.held_batch([(step * count + part[0] * own + i) % 10 for i in range(own)], views, device)

    def held_batch(self, indices: Sequence[int], views: int, device="cpu") -> Batch:
        images, grids = [], []
        for index in indices:
            draw = torch.Generator().manual_seed(index)
            images.append(torch.rand((views, 3, SIZE, SIZE), generator=draw))
            grids.append(torch.rand((32, 32, 32), generator=draw) < 0.1)
        return Batch(torch.stack(images), torch.tensor(indices), Truth(voxels=torch.stack(grids)))

    def view_count(self, index: int) -> None:
        return None


def config(variant: str = "best", slots: int = 7, **training) -> Mem3DConfig:
    whole = best(variant)
    training = {
        "steps": 4,
        "batch": 4,
        "val_every": 2,
        "val_samples": 2,
        "log_every": 1,
        "checkpoint_every": 1,
    } | training
    return replace(
        whole,
        network=tiny_config(variant, slots),
        views=replace(whole.views, size=SIZE),
        loss=LossConfig(dice=1.0, prior=1.0),
        training=replace(whole.training, warmup=0, precision="32", **training),
        first_weights="none",
    )


def run(folder: Path, settings: Mem3DConfig, minutes: float | None = None) -> Mem3DTraining:
    folder.mkdir(exist_ok=True)
    module = Mem3DTraining(settings)
    fabric = make_fabric(torch.device("cpu"), module.training_config)
    fit(fabric, module, Noise(), RunFolder(folder), FitOptions(0, minutes), Reporter(lambda line: None), {})
    return module


def same_state(one: torch.nn.Module, two: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().items(), two.state_dict().items(), strict=True)
    return all(a == b and torch.equal(x, y) for (a, x), (b, y) in pairs)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Mem3DTraining:
    return run(tmp_path_factory.mktemp("whole") / "run", config())


def test_a_run_that_was_ended_while_its_memory_filled_goes_on_to_the_same_bits(whole, tmp_path):
    first = run(tmp_path / "run", config(), minutes=0)
    assert first.step_count == 1
    assert len(first.network.memory) == 4 < len(whole.network.memory) == 7
    assert same_state(run(tmp_path / "run", config()), whole)


def test_a_batch_in_parts_writes_the_same_pairs_in_the_same_order(whole, tmp_path):
    parts = run(tmp_path / "run", config(accumulate=2))
    assert parts.network.memory.shapes.tolist() == whole.network.memory.shapes.tolist()
    assert parts.network.memory.ages.tolist() == whole.network.memory.ages.tolist()


def test_processes_write_what_one_process_writes():
    source = Noise()
    alone, shared = Mem3DTraining(config()), [Mem3DTraining(config()) for _ in range(2)]
    for module in (alone, *shared):
        module.eval()  # statistics of half a batch are others
    for step in range(3):
        alone.step(source.training_batch(step, 4, 1), lambda name, loss: None)
        alone.after_step(lambda tensor: tensor)
        for rank, module in enumerate(shared):
            module.step(source.training_batch(step, 4, 1, (rank, 2)), lambda name, loss: None)
        pairs = [[torch.cat(parts) for parts in zip(*module._pairs, strict=True)] for module in shared]
        for module in shared:
            joined = iter([torch.cat(both) for both in zip(*pairs, strict=True)])
            module.after_step(lambda tensor, joined=joined: next(joined))
    assert all(same_state(shared[0].network.memory, other.network.memory) for other in shared)
    ours, theirs = shared[0].network.memory, alone.network.memory
    assert torch.equal(ours.values, theirs.values)
    assert torch.equal(ours.ages, theirs.ages)
    torch.testing.assert_close(ours.keys, theirs.keys)


def test_judging_writes_nothing_and_the_average_has_the_same_memory(whole):
    whole.eval()
    before = {name: tensor.clone() for name, tensor in whole.network.state_dict().items()}
    with torch.no_grad():
        scores = whole.judge(whole.kept, Noise().held_batch([10, 11], 1))
        assert whole.show(whole.kept, Noise().held_batch([10], 1)).shape[0] == 3
    assert set(scores) == {"loss", "iou", "recalled"}
    assert all(torch.equal(before[name], tensor) for name, tensor in whole.network.state_dict().items())
    assert same_state(whole.averaged.memory, whole.network.memory)


@pytest.mark.parametrize("unseen", [True, False])
def test_no_object_is_told_of_its_own_shape_unless_asked_for(unseen):
    module, batch = Mem3DTraining(replace(config(slots=3), unseen=unseen)), Noise().training_batch(0, 3, 1)
    for _ in range(2):
        module.step(batch, lambda name, loss: None)
        module.after_step(lambda tensor: tensor)
    recalled = _see(module.network, batch, batch.index if module.config.unseen else None).recalled
    shapes = module.network.memory.shapes[recalled.slot].masked_fill(~recalled.found, -1)
    told = (shapes == batch.index[:, None]).any(1)
    assert not told.any() if unseen else told.all()


def test_names_of_what_is_remembered_go_with_the_weights(whole, tmp_path):
    path = tmp_path / "weights.safetensors"
    whole.save_weights(path, whole.best_network, {"steps": 4})
    memory = Mem3DSystem.load(path).network.memory
    ours = [Noise.entries[i].id for i in whole.network.memory.shapes.tolist()]
    assert [memory.ids[i] for i in memory.shapes.tolist()] == ours
    assert torch.equal(memory.values, whole.network.memory.values)
    again = Mem3DTraining(config())
    again.start_from(dict(Mem3DSystem.load(path).network.state_dict().items()))
    assert again.network.memory.shapes.tolist() == [-1] * 7


@pytest.mark.parametrize("variant", ["original", "seed003", "none"])
def test_every_variant_takes_a_step(variant, tmp_path):
    module = run(tmp_path / "run", config(variant, steps=1, val_every=1))
    assert module.step_count == 1
    assert (module.network.memory is None) == (variant in ("seed003", "none"))


def test_a_checkpoint_of_a_memory_of_another_size_is_refused(whole, tmp_path):
    run(tmp_path / "run", config(), minutes=0)
    shutil.copytree(tmp_path / "run", tmp_path / "other")
    with pytest.raises(BadInput, match="another network"):
        run(tmp_path / "other", config(slots=8))
