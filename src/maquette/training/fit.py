"""`fit`: one run, new or resumed."""

import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from lightning_fabric import Fabric
from torch import nn

from ..data.batch import Source, check_provided
from ..io.ending import ended_by
from ..io.errors import BadInput, as_bad_input
from .fabric import all_objects, repeatable
from .module import TrainingModule
from .progress import Progress
from .run_folder import RunFolder
from .run_log import RunLog, quiet_writer
from .state import RunState, read_state, restore_module
from .stream import StepBatches, step_loader, steps_of, workers_possible
from .trainer import Limits, Reporter, StepLeft, Trainer


@dataclass(frozen=True)
class FitOptions:
    """What has no influence on the weights of a run.

    Attributes:
        workers: processes that make batches ahead.
        max_minutes: of the whole run, after which it ends; None for no limit.
        wandb: project at Weights & Biases; None for none.
    """

    workers: int = 0
    max_minutes: float | None = None
    wandb: str | None = None


@dataclass(frozen=True)
class Fitted:
    """How a session ended.

    Attributes:
        network: to be evaluated and kept.
        steps: that are done.
        progress: validations, seconds.
        interrupted: number of the signal that ended it; 0 for none.
    """

    network: nn.Module
    steps: int
    progress: Progress
    interrupted: int


def fit(
    fabric: Fabric,
    module: TrainingModule,
    source: Source,
    run: RunFolder,
    options: FitOptions,
    reporter: Reporter,
    about: dict[str, Any],
) -> Fitted:
    """Train a module until its last step, from the run's newest sound checkpoint where there is one.

    Args:
        fabric: device, precision and processes (`make_fabric`).
        module: fresh, with its first weights.
        source: of batches; provides what the module needs.
        run: its folder, which is there.
        options: workers, limits.
        reporter: how the run speaks.
        about: settings, for logs that show them.

    Raises:
        BadInput: data or checkpoints that cannot be read, or a folder that cannot be written to.
        Diverged: the loss, the weights or the buffers are not finite.
        KeyboardInterrupt: Ctrl-C for the second time.
        ValueError: a batch that has no equal parts for all processes, or a source that lacks what is needed.
    """
    config = module.training_config
    parts = fabric.world_size * config.accumulate
    if config.batch % parts:
        raise ValueError(f"a batch of {config.batch} has no {parts} equal parts")
    check_provided(module.needs, source)
    module.meet(source.entries)
    limits = Limits(None if options.max_minutes is None else 60 * options.max_minutes)
    state = RunState(fabric, module)
    resumed = _resume(state, run, reporter)
    if not resumed or not _is_over(state, limits):
        with quiet_writer(), _signals(limits, reporter), repeatable(fabric, config):
            _train(state, source, run, limits, reporter, options, about)
    if fabric.is_global_zero and config.patience:
        _go_back_to_best(state, run, reporter)
    return Fitted(module.best_network, module.step_count, state.progress, limits.interrupted)


def _resume(state: RunState, run: RunFolder, reporter: Reporter) -> bool:
    """Go back to the newest sound checkpoint; returns whether there is one."""
    found = run.newest(read_state, reporter.say, clear=state.fabric.is_global_zero)
    starts = all_objects(state.fabric, found and found[0])
    if starts.count(starts[0]) < len(starts):
        raise BadInput(run.checkpoints, f"processes would go on behind different steps: {starts}")
    if found is None:
        return False
    start, checkpoint = found
    reporter.say(f"going on behind step {start}")
    state.restore(checkpoint, run.checkpoint(start))
    return True


def _train(
    state: RunState,
    source: Source,
    run: RunFolder,
    limits: Limits,
    reporter: Reporter,
    options: FitOptions,
    about: dict[str, Any],
) -> None:
    fabric, start = state.fabric, state.module.step_count
    workers = workers_possible(options.workers, reporter.say)
    made_on = fabric.device if workers == 0 else "cpu"
    config = state.module.training_config
    batches = StepBatches(source, config, fabric.global_rank, fabric.world_size, made_on)
    log = None
    if fabric.is_global_zero:
        with as_bad_input(run.path, OSError, say="cannot be written"):
            run.checkpoints.mkdir(exist_ok=True)
        log = RunLog(run, start, options.wandb, about)
    trainer = Trainer(state, source, run, limits, replace(reporter, log=log))
    try:
        steps = steps_of(step_loader(batches, start, workers), lambda: limits.interrupted > 0)
        with log or nullcontext(), closing(steps):
            trainer.train(steps)
    except RuntimeError as error:  # the signal has ended the processes that make batches, too
        if limits.interrupted and "DataLoader worker" in str(error):
            raise ended_by(limits.interrupted) from error
        raise


def _is_over(state: RunState, limits: Limits) -> bool:
    """Whether nothing is left to do behind a checkpoint."""
    done, progress = state.module.step_count, state.progress
    spent = limits.max_seconds is not None and progress.seconds >= limits.max_seconds
    ended = done >= state.module.training_config.steps or progress.stopped or spent
    return ended and not progress.owes_row


def _go_back_to_best(state: RunState, run: RunFolder, reporter: Reporter) -> None:
    """With early stopping the best weights are kept, not the last, unless they can no longer be read."""
    module, best, steps = state.module, state.progress.best_step, state.module.step_count
    if best is None or best == steps:
        return
    module.cpu()
    try:
        restore_module(module, read_state(run.checkpoint(best)), run.checkpoint(best))
    except BadInput as error:
        reporter.say(f"{error}; the last weights are kept, not the best, which are of step {best}")
    module.step_count = steps


@contextmanager
def _signals(limits: Limits, reporter: Reporter) -> Iterator[None]:
    """Let Ctrl-C and a polite end write a checkpoint, behind this step where it cannot be left; a second one ends at
    once."""
    before = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}

    def handler(kind: int, frame: object) -> None:
        limits.interrupted = kind
        for one, old in before.items():  # a command that a script has put into the background ignores Ctrl-C
            signal.signal(one, signal.default_int_handler if old == signal.SIG_IGN else old)
        what = "leaving" if limits.may_leave else "finishing"
        reporter.say(f"{what} this step and writing a checkpoint; once more ends at once")
        if limits.may_leave:
            raise StepLeft

    for kind in before:
        signal.signal(kind, handler)
    try:
        yield
    finally:
        for kind, old in before.items():
            signal.signal(kind, old)
