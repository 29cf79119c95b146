"""Runs of the smallest system: rows, resumption, early stopping, failures."""

import csv
import json
import multiprocessing
import shutil
import signal
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from safetensors.torch import load_file

from maquette.io.errors import BadInput
from maquette.metrics.measure import Measure
from maquette.training import checkpoint_files
from maquette.training.config import TrainConfig
from maquette.training.fabric import make_fabric
from maquette.training.fit import FitOptions, Fitted, fit
from maquette.training.progress import LogRow, Progress
from maquette.training.run_folder import RunFolder
from maquette.training.run_log import RunLog
from maquette.training.trainer import Diverged, Reporter, Trainer

sys.path.insert(0, str(Path(__file__).parent))
from tiny import SIDE, Said, TinySource, TinyTraining

CONFIG = TrainConfig(
    steps=12,
    batch=8,
    schedule="constant",
    lr=0.05,
    val_every=4,
    val_samples=2,
    checkpoint_every=3,
    log_every=2,
    ema=0.8,
)


def train(
    folder: Path,
    config: TrainConfig = CONFIG,
    source: TinySource | None = None,
    workers: int = 0,
    max_minutes: float | None = None,
    said: Said | None = None,
    **voice,
) -> Fitted:
    loud = Reporter(said or (lambda line: None), **voice)
    return session(TinyTraining(config), folder, source, FitOptions(workers, max_minutes), loud)


def session(
    module: TinyTraining,
    folder: Path,
    source: TinySource | None = None,
    options: FitOptions | None = None,
    reporter: Reporter | None = None,
) -> Fitted:
    folder.mkdir(exist_ok=True)
    fabric = make_fabric(torch.device("cpu"), module.training_config)
    return fit(
        fabric,
        module,
        source or TinySource(),
        RunFolder(folder),
        options or FitOptions(),
        reporter or Reporter(),
        {},
    )


def weights(fitted: Fitted) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in fitted.network.parameters()])


def table(folder: Path) -> list[dict[str, str]]:
    with open(folder / "metrics.csv") as file:
        rows = list(csv.DictReader(file))
    return [{k: v for k, v in row.items() if k not in ("seconds", "samples_per_second")} for row in rows]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> tuple[Fitted, Path]:
    folder = tmp_path_factory.mktemp("whole") / "run"
    return train(folder), folder


def test_a_run_has_its_rows_its_checkpoints_and_learns(whole):
    fitted, folder = whole
    assert fitted.steps == 12
    assert [row["step"] for row in table(folder)] == ["2", "4", "6", "8", "10", "12"]
    assert [row["step"] for row in table(folder) if row["val_iou"]] == ["4", "8", "12"]
    losses = [float(row["loss"]) for row in table(folder)]
    assert losses[-1] < losses[0]
    steps = RunFolder(folder).steps()
    assert steps[-1] == 12
    assert 2 <= len(steps) <= 3


def test_in_two_sessions_it_is_the_same(whole, tmp_path):
    folder = tmp_path / "run"
    first = train(folder, max_minutes=0)
    assert first.steps == 1
    second = train(folder)
    assert second.steps == 12
    assert torch.equal(weights(second), weights(whole[0]))
    assert [row for row in table(folder) if row["step"] != "1"][1:] == table(whole[1])[1:]


def test_from_other_first_weights_in_two_sessions_it_is_the_same(whole, tmp_path):
    first = {"weight": torch.full((SIDE**3, 1), 0.5), "bias": torch.full((SIDE**3,), -0.25)}

    def started(folder: Path, max_minutes: float | None = None, starts: bool = True) -> Fitted:
        folder.mkdir(exist_ok=True)
        module = TinyTraining(CONFIG)
        if starts:
            module.start_from(first)
        return session(module, folder, options=FitOptions(max_minutes=max_minutes))

    undisturbed = started(tmp_path / "one")
    assert not torch.equal(weights(undisturbed), weights(whole[0]))
    assert started(tmp_path / "two", max_minutes=0).steps == 1
    assert torch.equal(weights(started(tmp_path / "two", starts=False)), weights(undisturbed))


class Tied(TinyTraining):
    """A parameter under two names."""

    def __init__(self, config: TrainConfig) -> None:
        super().__init__(config)
        for network in (self.network, self.averaged):
            network.add_module("again", torch.nn.Linear(1, SIDE**3, bias=False))
            network.again.weight = network.weight


def test_a_tied_parameter_stays_one_in_two_sessions(whole, tmp_path):
    def tied(folder: Path, max_minutes: float | None = None) -> Tied:
        module = Tied(CONFIG)
        session(module, folder, options=FitOptions(max_minutes=max_minutes))
        return module

    assert tied(tmp_path / "run", max_minutes=0).step_count == 1
    resumed = tied(tmp_path / "run")
    for network in (resumed.network, resumed.averaged):
        assert network.again.weight is network.weight
    kept = load_file(RunFolder(tmp_path / "run").checkpoint(12) / "weights.safetensors")
    assert torch.equal(kept["network.again.weight"], kept["network.weight"])
    assert torch.equal(weights(Fitted(resumed.averaged, 12, Progress(), False)), weights(whole[0]))


def test_a_run_that_is_over_is_taken_up_as_it_is(whole, tmp_path):
    said = Said([])
    again = train(whole[1], said=said)
    assert torch.equal(weights(again), weights(whole[0]))
    assert said.lines == ["going on behind step 12"]


@pytest.mark.parametrize("steps", [12, 13])
def test_a_checkpoint_is_hashed_once_to_go_on_from_it(whole, tmp_path, monkeypatch, steps):
    """Whether nothing is left to do or one more step."""
    folder = shutil.copytree(whole[1], tmp_path / "run")
    hashed, sha256_of = Counter(), checkpoint_files.sha256_of

    def counting(file: Path) -> str:
        hashed[file] += 1
        return sha256_of(file)

    monkeypatch.setattr(checkpoint_files, "sha256_of", counting)
    assert train(folder, replace(CONFIG, steps=steps)).steps == steps
    of_the_newest = {file.stem: n for file, n in hashed.items() if file.parent.name == "step_000000012"}
    assert of_the_newest == {"weights": 1, "average": 1, "optimiser.network": 1}


def test_processes_that_would_go_on_behind_different_steps_are_ended(whole, monkeypatch):
    monkeypatch.setattr("maquette.training.fit.all_objects", lambda fabric, own: [own, 9])
    with pytest.raises(
        BadInput, match=r"checkpoints: processes would go on behind different steps: \[12, 9\]"
    ):
        train(whole[1])


def test_accumulated_parts_are_the_same_step(whole, tmp_path):
    parts = train(tmp_path / "run", replace(CONFIG, accumulate=4))
    torch.testing.assert_close(weights(parts), weights(whole[0]))
    assert [row["step"] for row in table(tmp_path / "run")] == [row["step"] for row in table(whole[1])]


def test_workers_change_nothing(whole, tmp_path):
    assert torch.equal(weights(train(tmp_path / "run", workers=2)), weights(whole[0]))


def test_the_average_is_kept_and_not_the_last_weights(whole, tmp_path):
    last = train(tmp_path / "run", replace(CONFIG, ema=0.0))
    assert not torch.equal(weights(last), weights(whole[0]))


def test_gradients_are_clipped(tmp_path):
    config = replace(CONFIG, clip=1e-10, ema=0.0, weight_decay=0.0)  # far below Adam's epsilon of 1e-8
    first = torch.cat([p.detach().flatten() for p in TinyTraining(config).network.parameters()])
    moved = (weights(train(tmp_path / "run", config)) - first).abs().max()
    assert 0 < moved < 12 * config.lr * 0.01


def test_half_precision_learns_the_same_within_its_bits(whole, tmp_path):
    halves = train(tmp_path / "run", replace(CONFIG, precision="bf16"))
    assert all(p.dtype == torch.float32 for p in halves.network.parameters())
    assert not torch.equal(weights(halves), weights(whole[0]))
    torch.testing.assert_close(weights(halves), weights(whole[0]), atol=0.05, rtol=0.05)


def test_early_stopping_keeps_the_best(tmp_path):
    said = Said([])
    config = replace(CONFIG, lr=0.0, ema=0.0, val_every=1, patience=3)
    fitted = train(tmp_path / "run", config, said=said)
    assert fitted.steps == 4
    assert fitted.progress.best_step == 1
    assert "step 4: no better IoU in 3 validations; stopping" in said.lines
    assert train(tmp_path / "run", config).steps == 4


@pytest.mark.parametrize("gone", [False, True])
def test_when_the_best_can_no_longer_be_read_the_last_are_kept(tmp_path, gone):
    config = replace(CONFIG, ema=0.0, val_every=1, patience=100)
    train(tmp_path / "run", config)
    run = RunFolder(tmp_path / "run")
    best = run.steps()[0]
    state = run.checkpoint(12) / "state.json"
    about = json.loads(state.read_text())
    del about["sha256"]
    about["progress"]["best_step"] = best
    state.write_text(json.dumps(about))
    shutil.rmtree(run.checkpoint(best)) if gone else (run.checkpoint(best) / "state.json").write_text("{")
    said = Said([])
    again = train(tmp_path / "run", config, said=said)
    assert again.steps == 12
    last = load_file(run.checkpoint(12) / "weights.safetensors")
    assert torch.equal(
        weights(again),
        torch.cat([tensor.flatten() for tensor in (last["network.weight"], last["network.bias"])]),
    )
    assert said.lines[-1].endswith(f"the last weights are kept, not the best, which are of step {best}")


def test_pictures_reach_the_log(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(RunLog, "picture", lambda log, step, name, sheet: shown.append((step, sheet.shape)))
    train(tmp_path / "run", replace(CONFIG, steps=1))
    assert shown == [(1, (3, 8, 16))]


def test_validation_goes_on_without_what_cannot_be_read(whole, tmp_path):
    said = Said([])
    fitted = train(tmp_path / "run", source=TinySource(broken=(2,)), said=said)
    assert torch.equal(weights(fitted), weights(whole[0]))
    assert said.lines.count("not validated: 2.png: is broken") == 1
    both, one = table(whole[1]), table(tmp_path / "run")
    assert [row["step"] for row in one if row["val_iou"]] == ["4", "8", "12"]
    assert all(a["val_loss"] != b["val_loss"] for a, b in zip(both, one, strict=True) if a["val_loss"])


def test_without_any_readable_validation_object_training_goes_on(whole, tmp_path):
    said = Said([])
    fitted = train(tmp_path / "run", source=TinySource(broken=(2, 3)), said=said)
    assert torch.equal(weights(fitted), weights(whole[0]))
    assert "step 8: no validation: none of its objects can be read" in said.lines
    assert not any("val_iou" in row for row in table(tmp_path / "run"))


@pytest.mark.parametrize("workers", [0, 2])
def test_data_that_vanish_are_named_and_the_checkpoint_stays(tmp_path, workers):
    with pytest.raises(BadInput, match="shapes: has gone"):
        train(tmp_path / "run", source=TinySource(gone_at=7), workers=workers)
    assert RunFolder(tmp_path / "run").steps()[-1] == 6
    assert train(tmp_path / "run").steps == 12


def test_a_loss_that_is_not_finite_stops_and_the_checkpoint_stays_sound(tmp_path):
    class Poisoned(TinySource):
        def training_batch(self, step, *args, **kwargs):
            batch = super().training_batch(step, *args, **kwargs)
            return replace(batch, images=batch.images * float("nan")) if step == 7 else batch

    with pytest.raises(Diverged, match=r"the loss is not finite at step 8; the last checkpoint is of step 6"):
        train(tmp_path / "run", source=Poisoned())
    assert train(tmp_path / "run").steps == 12


def test_weights_that_are_not_finite_are_never_kept(tmp_path):
    class Steep(TinyTraining):
        def follow(self):
            super().follow()
            if self.step_count == 6:  # with a loss that was finite
                self.network.bias.data[0] = float("inf")

    said = r"the weights are not finite at step 6; the last checkpoint is of step 4"
    (tmp_path / "run").mkdir()
    with pytest.raises(Diverged, match=said):
        session(Steep(CONFIG), tmp_path / "run")
    assert train(tmp_path / "run").steps == 12


def test_buffers_that_are_not_finite_are_never_kept(tmp_path):
    class Remembering(TinyTraining):
        def __init__(self, config):
            super().__init__(config)
            self.network.register_buffer("seen", torch.zeros(2))

        def after_step(self, gather):
            self.network.seen += float("inf") if self.step_count == 5 else 1.0

    said = r"^the buffers are not finite at step 6; the last checkpoint is of step 4; .*$"
    (tmp_path / "run").mkdir()
    with pytest.raises(Diverged, match=said):
        session(Remembering(replace(CONFIG, ema=0.0)), tmp_path / "run")
    kept = load_file(RunFolder(tmp_path / "run").checkpoint(4) / "weights.safetensors")
    assert kept["network.seen"].tolist() == [4.0, 4.0]


def test_a_loss_above_the_limit_stops(tmp_path):
    with pytest.raises(Diverged, match=r"above 0\.01 at step 2"):
        train(tmp_path / "run", replace(CONFIG, stop_loss=0.01))


def test_a_full_disk_is_one_line_and_the_last_checkpoint_is_intact(tmp_path, monkeypatch):
    write = checkpoint_files.save_file

    def full(tensors, path):
        if "step_000000006" in str(path):
            raise OSError(28, "No space left on device")
        write(tensors, path)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint_files, "save_file", full)
        with pytest.raises(BadInput, match=r"No space left on device; the checkpoint of step 4 is intact"):
            train(tmp_path / "run")
    assert train(tmp_path / "run").steps == 12


def test_ctrl_c_ends_behind_a_checkpoint(whole, tmp_path):
    def interrupt(row: LogRow) -> None:
        if row.step == 6:
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    fitted = train(tmp_path / "run", row=interrupt)
    assert fitted.interrupted
    assert 6 <= fitted.steps <= 7
    assert RunFolder(tmp_path / "run").steps()[-1] == fitted.steps
    assert signal.getsignal(signal.SIGINT) == before
    assert torch.equal(weights(train(tmp_path / "run")), weights(whole[0]))


@pytest.mark.parametrize("call", [1, 2, 3])
def test_ctrl_c_while_processes_agree_is_not_lost(tmp_path, monkeypatch, call):
    calls = []

    def interrupted(trainer: Trainer, *flags: bool) -> list[bool]:
        calls.append(flags)
        if len(calls) == call:
            signal.raise_signal(signal.SIGINT)
        return list(flags)

    monkeypatch.setattr(Trainer, "_anywhere", interrupted)
    fitted = train(tmp_path / "run")
    assert fitted.interrupted
    assert fitted.steps == call + 1


def test_numbers_that_only_some_steps_give_are_means_of_those(tmp_path):
    class Lazy(TinyTraining):
        def step(self, batch, update):
            numbers = super().step(batch, update)
            return {**numbers, "penalty": torch.ones(())} if self.step_count % 2 else numbers

    session(Lazy(CONFIG), tmp_path / "run")
    assert {row["penalty"] for row in table(tmp_path / "run")} == {"1.0"}


def test_a_goal_that_is_not_judged_is_named(tmp_path):
    class Aimless(TinyTraining):
        goal = Measure("depth", "depth")

    with pytest.raises(ValueError, match="the goal depth is none of what is judged: loss, iou"):
        session(Aimless(CONFIG), tmp_path / "run")


@pytest.mark.parametrize("before", [signal.default_int_handler, signal.SIG_IGN])
def test_ctrl_c_twice_ends_at_once(tmp_path, before):
    """Also where the process ignored it, as what a script has put into the background does."""

    def interrupt(row: LogRow) -> None:
        if row.step == 6:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    old = signal.signal(signal.SIGINT, before)
    try:
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path / "run", row=interrupt)
        assert signal.getsignal(signal.SIGINT) == before
    finally:
        signal.signal(signal.SIGINT, old)
    assert RunFolder(tmp_path / "run").steps()[-1] == 4


class Interrupted(TinyTraining):
    """Ctrl-C comes in the middle of a backward pass, which is not gone through to its end."""

    def step(self, batch, update):
        if self.step_count == 6:
            for parameter in self.network.parameters():
                parameter.register_hook(lambda gradient: signal.raise_signal(signal.SIGINT))
        return super().step(batch, update)


@pytest.mark.parametrize("accumulate", [1, 2])
def test_ctrl_c_leaves_a_step_whose_optimiser_has_not_stepped(tmp_path, accumulate):
    config, said = replace(CONFIG, accumulate=accumulate), Said([])
    (tmp_path / "run").mkdir()
    left = session(Interrupted(config), tmp_path / "run", reporter=Reporter(said))
    assert (left.steps, left.interrupted) == (6, signal.SIGINT)
    assert said.lines[-1] == "leaving this step and writing a checkpoint; once more ends at once"
    assert RunFolder(tmp_path / "run").steps()[-1] == 6
    whole = train(tmp_path / "whole", config)
    assert torch.equal(weights(train(tmp_path / "run", config)), weights(whole))
    assert table(tmp_path / "run") == table(tmp_path / "whole")


def test_ctrl_c_does_not_wait_for_processes_that_make_batches(tmp_path):
    class Slow(TinySource):
        def training_batch(self, step, *args, **kwargs):
            time.sleep(60 if step == 6 else 0)
            return super().training_batch(step, *args, **kwargs)

    def interrupt(done: int) -> None:
        if done == 5:
            signal.raise_signal(signal.SIGINT)

    began = time.monotonic()
    left = train(tmp_path / "run", source=Slow(), workers=1, step=interrupt)
    assert left.interrupted
    assert time.monotonic() - began < 30
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("at", [8, 12])
def test_ctrl_c_leaves_a_validation_which_a_resumed_run_makes(whole, tmp_path, at):
    class Slow(TinyTraining):
        def judge(self, network, batch):
            if self.step_count == at:
                signal.raise_signal(signal.SIGINT)
            return super().judge(network, batch)

    (tmp_path / "run").mkdir()
    left = session(Slow(CONFIG), tmp_path / "run")
    assert (left.steps, left.interrupted) == (at, signal.SIGINT)
    assert table(tmp_path / "run")[-1]["step"] == str(at - 2)
    assert torch.equal(weights(train(tmp_path / "run")), weights(whole[0]))
    assert table(tmp_path / "run") == table(whole[1])


def test_running_statistics_of_a_step_that_is_left_are_those_before(tmp_path):
    class Normed(TinyTraining):
        def __init__(self, config, interrupted=True):
            super().__init__(replace(config, ema=0.0))
            self.network = torch.nn.Sequential(self.network, torch.nn.BatchNorm1d(SIDE**3))
            self._kept, self.interrupted = (self.network,), interrupted

        def step(self, batch, update):
            numbers = self._score(self.network, batch)
            if self.step_count == 6 and self.interrupted:
                signal.raise_signal(signal.SIGINT)
            update("network", numbers["loss"].mean())
            return {name: value.mean().detach() for name, value in numbers.items()}

    for name in ("run", "whole"):
        (tmp_path / name).mkdir()
    assert session(Normed(CONFIG), tmp_path / "run").steps == 6
    resumed = session(Normed(CONFIG, interrupted=False), tmp_path / "run")
    undisturbed = session(Normed(CONFIG, interrupted=False), tmp_path / "whole")
    for name, tensor in undisturbed.network.state_dict().items():
        assert torch.equal(tensor, resumed.network.state_dict()[name]), name


def test_parts_that_cannot_be_equal_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Fabric, "world_size", 3)
    with pytest.raises(ValueError, match="a batch of 8 has no 3 equal parts"):
        train(tmp_path / "run")


def test_data_without_what_is_needed_are_refused_before_the_first_step(tmp_path):
    source = TinySource()
    source.provides = frozenset({"cameras"})
    with pytest.raises(ValueError, match="has no voxels, which is needed; it has cameras"):
        train(tmp_path / "run", source=source)
    assert not RunFolder(tmp_path / "run").checkpoints.exists()
