"""`Trainer`: the steps of a run, and what comes behind them: rows, validations, checkpoints, and the end."""

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from ..data.batch import Source
from ..data.problems import Problem
from ..io.errors import BadInput
from .fabric import all_objects, gathered, total
from .module import passing_state, running_statistics
from .progress import LogRow
from .run_folder import RunFolder
from .run_log import RunLog
from .schedule import learning_rate
from .state import RunState
from .stream import Sample
from .update import average_tensors
from .validation import validate, validation_entries

_MOST_NAMED = 20
_RANDOM_STREAM = 11  # keeps the draws of steps apart from others of the same seed


class Diverged(RuntimeError):
    """Training has failed: the loss is not finite, or too large."""


class StepLeft(BaseException):
    """Raised from outside, by the handler of a signal, while `Limits.may_leave`: what is computed is not wanted."""


@dataclass
class Limits:
    """What may end a run before its last step.

    Attributes:
        max_seconds: of the run, all sessions together; None for no limit.
        interrupted: number of a signal, set from outside to end behind the step that is being made.
        may_leave: whether what is being computed has changed nothing yet, so that it can be given up for a
            checkpoint of what was there before it (`StepLeft`).
    """

    max_seconds: float | None = None
    interrupted: int = 0
    may_leave: bool = False


@dataclass(frozen=True)
class Reporter:
    """How a run speaks.

    Attributes:
        say: one line.
        row: numbers behind a step; with `val` those of a validation too.
        step: told how many steps are done, behind each.
        log: rows and pictures of the first process; None in the others.
    """

    say: Callable[[str], None] = lambda line: None
    row: Callable[[LogRow], None] = lambda row: None
    step: Callable[[int], None] = lambda done: None
    log: RunLog | None = None


@dataclass
class _Pace:
    """Samples a second since the last row, without validations."""

    began: float = field(default_factory=time.monotonic)
    steps: int = 0

    def restart(self) -> None:
        self.began, self.steps = time.monotonic(), 0

    def samples_per_second(self, batch: int) -> float:
        return self.steps * batch / max(time.monotonic() - self.began, 1e-9)


@contextmanager
def answering(network: nn.Module) -> Iterator[None]:
    """Let signals be heard in the middle of a backward pass: Python looks for them where it runs a function."""
    hooks = [p.register_hook(lambda gradient: None) for p in network.parameters() if p.requires_grad]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class Trainer:
    """Trains a module step by step.

    Behind a step come, in this order and each where it is due: a row with the means since the last one, a
    validation, a checkpoint. A checkpoint knows all that went before, so that a run resumed from it does the same.

    Args:
        state: what steps change.
        source: for validation.
        run: the folder.
        limits: what may end the run early.
        reporter: how it speaks.
    """

    def __init__(
        self, state: RunState, source: Source, run: RunFolder, limits: Limits, reporter: Reporter
    ) -> None:
        self.state, self.source, self.run, self.limits, self.reporter = state, source, run, limits, reporter
        self.fabric, self.module, self.progress = state.fabric, state.module, state.progress
        self.config = self.module.training_config
        self._held = validation_entries(source, self.config)
        self._sums = {
            name: self._double(torch.tensor(value, dtype=torch.float64))
            for name, value in self.progress.sums.items()
        }
        self._counts = dict(self.progress.counts)
        self._left_out: set[Problem] = set()
        self._remarked: Sequence[str] = ()
        self._pace = _Pace()
        self._began = time.monotonic() - self.progress.seconds

    def train(self, samples: Iterable[Sample]) -> None:
        """Go through samples, `accumulate` of them a step, until the last or until something ends the run.

        Raises:
            BadInput: data that cannot be read in any of the processes, or a folder that cannot be written to.
            Diverged: the loss, the weights or the buffers are not finite.
        """
        self.module.train()
        try:
            with answering(self.module.network):
                self._train(samples)
        except StepLeft:
            self._leave()
        finally:
            self.limits.may_leave = False

    def _train(self, samples: Iterable[Sample]) -> None:
        owes_row, self.progress.owes_row = self.progress.owes_row, False
        if owes_row and self._after_step():
            return
        self._begin_step()
        for number, sample in enumerate(samples):
            part = number % self.config.accumulate
            self._step(self._ready(sample), part)
            if part < self.config.accumulate - 1:
                continue
            if self._after_step():
                return
            self._begin_step()

    def _begin_step(self) -> None:
        """From here until the first optimiser's step what is computed can be given up, where no process waits."""
        self._before = [kept.clone() for kept in passing_state(self.module.network)]
        self._sums_before = dict(self._sums), dict(self._counts)
        self.limits.may_leave = self.fabric.world_size == 1

    def _leave(self) -> None:
        """Keep what was there before the step, or the validation, that was given up."""
        if not self.progress.owes_row:
            self._sums, self._counts = self._sums_before
            for kept, old in zip(passing_state(self.module.network), self._before, strict=True):
                kept.copy_(old)
        self.progress.seconds = time.monotonic() - self._began
        if self.module.step_count and self.module.step_count not in self.run.steps():
            self._check_finite()
            self._save()

    def _changes(self) -> None:
        self.limits.may_leave = False

    def _step(self, sample: Sample, part: int) -> None:
        """Compute one part of a step, and behind the last one change all state."""
        assert sample.batch is not None
        config, fabric = self.config, self.fabric
        place = fabric.global_rank * config.accumulate + part
        seeds = np.random.SeedSequence([config.seed, _RANDOM_STREAM, sample.step, place])
        torch.manual_seed(int(seeds.generate_state(1, np.uint64)[0]))
        self.state.updates.begin(sample.step, part, self._changes)
        with fabric.autocast():
            numbers = self.module.step(sample.batch, self.state.updates)
        for name, number in numbers.items():
            value = self._double(number.detach())
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._counts[name] = self._counts.get(name, 0.0) + 1
        if part == config.accumulate - 1:
            self._changes()
            with torch.no_grad():
                self.module.after_step(partial(gathered, fabric))
            if fabric.world_size > 1:
                average_tensors(fabric, running_statistics(self.module.network))
            self.module.follow()

    def _double(self, number: Tensor) -> Tensor:
        """A number to add up: in float64 on the CPU, on CUDA where it is, as reading it would wait for the GPU."""
        return number.to(self.fabric.device if self.fabric.device.type == "cuda" else "cpu", torch.float64)

    def _ready(self, sample: Sample) -> Sample:
        """The sample on the device; where it cannot be read in one of the processes all of them end."""
        if self.fabric.world_size > 1:
            failed = self._anywhere(sample.batch is None)[0]
            if failed and sample.batch is not None:
                raise SystemExit(3)  # that process says which
        return sample.ready(self.fabric.device)

    def _anywhere(self, *flags: bool) -> list[bool]:
        """Which of the flags are set in any of the processes."""
        return [count > 0 for count in total(self.fabric, torch.tensor(flags, dtype=torch.float32)).tolist()]

    def _after_step(self) -> bool:
        """Whatever is due behind a step; returns whether the run ends."""
        config, step, progress = self.config, self.module.step_count, self.progress
        self._pace.steps += 1
        progress.seconds = time.monotonic() - self._began
        limit = self.limits.max_seconds
        interrupted, late = self._anywhere(
            self.limits.interrupted > 0, limit is not None and progress.seconds >= limit
        )
        if interrupted and not self.limits.interrupted:  # never set to 0: the signal may have come meanwhile
            self.limits.interrupted = signal.SIGINT  # another process was told
        complete, ends = step >= config.steps, interrupted or late
        timed_out = late and not interrupted
        validates = bool(self._held) and (step % config.val_every == 0 or complete or timed_out)
        improved = False
        if step % config.log_every == 0 or validates or complete:
            improved = self._make_row(validates)
        stops = progress.stopped = 0 < config.patience <= progress.worse
        if step % config.checkpoint_every == 0 or improved or ends or complete or stops:
            self._check_finite()
            self._save()
            self.fabric.barrier()  # nobody leaves before the checkpoint is there
        if stops and not complete:
            label = self.module.goal.label
            self.reporter.say(f"step {step}: no better {label} in {progress.worse} validations; stopping")
        self.reporter.step(step)
        return ends or complete or stops

    def _shared(self) -> tuple[dict[str, float], dict[str, float]]:
        """Sums since the last row and how many numbers are in each, the mean over all processes."""
        own = {name: (float(value), self._counts[name]) for name, value in self._sums.items()}
        parts = all_objects(self.fabric, own)
        names = dict.fromkeys(name for part in parts for name in part)
        pairs = {name: [part.get(name, (0.0, 0.0)) for part in parts] for name in names}
        sums, counts = (
            {name: sum(pair[k] for pair in some) / len(parts) for name, some in pairs.items()} for k in (0, 1)
        )
        return sums, counts

    def _means(self) -> dict[str, float]:
        sums, counts = self._shared()
        return {name: value / counts[name] for name, value in sums.items()}

    def _check_finite(self) -> None:
        """A loss may still be finite whose gradient was not."""
        self._judge_loss(self._means())
        network = self.module.network
        for what, tensors in (("weights", network.parameters()), ("buffers", network.buffers())):
            if not all(bool(tensor.isfinite().all()) for tensor in tensors):
                raise Diverged(self._failure(f"the {what} are not finite"))

    def _judge_loss(self, means: dict[str, float]) -> None:
        limit = self.config.stop_loss or float("inf")
        loss = means.get("loss", 0.0)
        if loss < limit:
            return
        high = loss >= limit and limit < float("inf")
        what = f"is {loss:.3g}, above {limit:g}" if high else "is not finite"
        raise Diverged(self._failure(f"the loss {what}"))

    def _failure(self, what: str) -> str:
        steps = self.run.steps()
        kept = f"the last checkpoint is of step {steps[-1]}" if steps else "there is no checkpoint yet"
        return f"{what} at step {self.module.step_count}; {kept}; try a smaller learning rate"

    def _make_row(self, validates: bool) -> bool:
        """Write a row; returns whether its validation is the best so far."""
        config, step = self.config, self.module.step_count
        means = self._means()
        self._judge_loss(means)
        pace = self._pace.samples_per_second(config.batch)
        val, improved = self._validate() if validates else ({}, False)
        seconds, lr = round(self.progress.seconds, 3), learning_rate(config, step - 1)
        row = LogRow(step, seconds, round(pace, 3), lr, means, val, self.progress.best)
        if self.reporter.log is not None:
            self.reporter.log.row(step, row.columns())
        self.reporter.row(row)
        self._sums, self._counts = {}, {}
        self.progress.seconds = time.monotonic() - self._began
        self._pace.restart()
        return improved

    def _validate(self) -> tuple[dict[str, float], bool]:
        """Numbers of a validation, and whether it is the best so far."""
        step, goal = self.module.step_count, self.module.goal
        self.progress.owes_row, self.limits.may_leave = True, self.fabric.world_size == 1
        found = validate(self.fabric, self.module, self.source, self._held)
        self.progress.owes_row = self.limits.may_leave = False
        self._say_left_out(found.problems)
        if not found.means:
            self.reporter.say(f"step {step}: no validation: none of its objects can be read")
            return {}, False
        if goal.name not in found.means:
            raise ValueError(f"the goal {goal.name} is none of what is judged: {', '.join(found.means)}")
        remarks = self.module.remarks(found.means)
        if remarks and not self._remarked:
            for line in remarks:
                self.reporter.say(f"step {step}: {line}")
        self._remarked = remarks
        if self.reporter.log is not None and found.sheet is not None:
            self.reporter.log.picture(step, "validation", found.sheet)
        return dict(found.means), self.progress.judge(step, found.means[goal.name], goal)

    def _say_left_out(self, problems: Sequence[Problem]) -> None:
        """Name what has not been named yet."""
        new = [problem for problem in problems if problem not in self._left_out]
        self._left_out.update(new)
        for problem in new[:_MOST_NAMED]:
            self.reporter.say(f"not validated: {problem.path}: {problem.reason}")
        if len(new) > _MOST_NAMED:
            self.reporter.say(f"not validated: {len(new) - _MOST_NAMED} more")

    def _save(self) -> None:
        self.progress.sums, self.progress.counts = self._shared()
        if not self.fabric.is_global_zero:
            return
        try:
            self.state.save(self.run.checkpoint(self.module.step_count))
        except BadInput as error:
            steps = self.run.steps()
            kept = f"the checkpoint of step {steps[-1]} is intact" if steps else "there is no checkpoint yet"
            raise BadInput(error.path, f"{error.reason}; {kept}", error.place) from error
        self.run.prune(self.progress.best_step)
