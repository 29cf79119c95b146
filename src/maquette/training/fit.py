"""`fit`: one run, new or resumed, with Lightning's Trainer."""

import logging
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.plugins.environments import TorchElasticEnvironment
from torch import nn

from ..data.batch import ViewSource
from ..io.errors import BadInput, as_bad_input
from .checkpoint_files import Checkpoint, read_checkpoint
from .checkpoint_io import FolderCheckpoints
from .config import TrainConfig
from .keeper import Diverged, Keeper, Limits, Progress, Voice
from .module import TrainingModule
from .processes import Place
from .run_folder import RunFolder
from .run_log import RunLog, quiet_writer
from .stream import StepBatches, step_loader


@dataclass(frozen=True)
class FitOptions:
    """What has no influence on the weights of a run.

    Attributes:
        device: where to compute.
        workers: processes that make batches ahead.
        max_minutes: of the whole run, after which it ends; None for no limit.
        wandb: project at Weights & Biases; None for none.
    """

    device: torch.device
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
        interrupted: whether by Ctrl-C or another signal.
    """

    network: nn.Module
    steps: int
    progress: Progress
    interrupted: bool


def fit(
    module: TrainingModule,
    source: ViewSource,
    run: RunFolder,
    options: FitOptions,
    place: Place,
    voice: Voice,
    about: dict[str, Any],
) -> Fitted:
    """Train a module until its last step, from the run's newest sound checkpoint where there is one.

    Args:
        module: fresh, with its first weights.
        source: of batches.
        run: its folder, which is there.
        options: device, workers, limits.
        place: this process among those that share each batch.
        voice: how the run speaks.
        about: settings, for logs that show them.

    Raises:
        BadInput: data or checkpoints that cannot be read, or a folder that cannot be written to.
        Diverged: the loss or the weights are not finite.
        KeyboardInterrupt: Ctrl-C for the second time.
        ValueError: a batch that has no equal parts for all processes.
    """
    config = module.training_config
    if config.batch % (place.world * config.accumulate):
        raise ValueError(f"a batch of {config.batch} has no {place.world * config.accumulate} equal parts")
    limits = Limits(None if options.max_minutes is None else 60 * options.max_minutes)
    keeper = Keeper(run, source, limits, voice)
    start = run.newest(read_checkpoint, voice.say, clear=place.is_first)
    if start is not None:
        voice.say(f"going on behind step {start}")
    if start is not None and _is_over(run.checkpoint(start), start, config, limits):
        keeper.progress = _take_up(module, run.checkpoint(start))
    else:
        with _quiet_lightning(), quiet_writer(), _signals(limits, voice) as signals:
            _train(module, source, run, options, place, (keeper, signals), start, about)
    if place.is_first and config.patience:
        _go_back_to_best(module, run, keeper.progress, voice)
    return Fitted(module.best_network, module.step_count, keeper.progress, limits.interrupted)


def _train(
    module: TrainingModule,
    source: ViewSource,
    run: RunFolder,
    options: FitOptions,
    place: Place,
    callbacks: tuple[Keeper, Callback],
    start: int | None,
    about: dict[str, Any],
) -> None:
    keeper = callbacks[0]
    trainer = _make_trainer(module.training_config, run, options, place, callbacks)
    made_on = trainer.strategy.root_device if options.workers == 0 else "cpu"
    batches = StepBatches(source, module.training_config, place.rank, place.world, made_on)
    loader = step_loader(batches, start or 0, options.workers)
    if place.is_first:
        with as_bad_input(run.path, OSError, say="cannot be written"):
            run.checkpoints.mkdir(exist_ok=True)
        keeper.run_log = RunLog(run, start or 0, options.wandb, about)
    try:
        with keeper.run_log or nullcontext():
            trainer.fit(module, loader, ckpt_path=None if start is None else str(run.checkpoint(start)))
    except SystemExit as end:  # what Lightning makes of Ctrl-C
        raise KeyboardInterrupt from end
    except RuntimeError as error:  # the signal has ended the processes that make batches, too
        if keeper.limits.interrupted and not isinstance(error, Diverged):
            raise KeyboardInterrupt from error
        raise


def _make_trainer(
    config: TrainConfig, run: RunFolder, options: FitOptions, place: Place, callbacks: Sequence[Callback]
) -> Trainer:
    """Lightning's Trainer for one pass over the steps that are left; all that it would add by itself is off."""
    device = options.device
    on_gpu = device.type == "cuda"
    bits = {"auto": "bf16-mixed" if on_gpu else "32-true", "32": "32-true"}
    several = place.world > 1
    return Trainer(
        accelerator="gpu" if on_gpu else device.type,
        devices=place.local_world if several else ([device.index or 0] if on_gpu else 1),
        num_nodes=place.world // place.local_world,
        strategy="ddp" if several else "auto",
        precision=bits.get(config.precision, f"{config.precision}-mixed"),  # type: ignore[arg-type]
        max_epochs=1,
        accumulate_grad_batches=config.accumulate,
        gradient_clip_val=config.clip or None,
        deterministic=not on_gpu or config.deterministic,
        benchmark=on_gpu and not config.deterministic,
        callbacks=list(callbacks),
        plugins=[FolderCheckpoints(), *([TorchElasticEnvironment()] if several else [])],
        default_root_dir=run.path,
        use_distributed_sampler=False,
        limit_val_batches=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )


def _is_over(checkpoint: Path, step: int, config: TrainConfig, limits: Limits) -> bool:
    """Whether nothing is left to do behind a checkpoint."""
    progress = _progress_of(read_checkpoint(checkpoint))
    spent = limits.max_seconds is not None and progress.seconds >= limits.max_seconds
    return step >= config.steps or progress.stopped or spent


def _progress_of(checkpoint: Checkpoint) -> Progress:
    return Progress(**checkpoint.state["callbacks"][Keeper.__qualname__])


def _take_up(module: TrainingModule, path: Path) -> Progress:
    """Fill a module from a checkpoint; returns what the run remembers."""
    checkpoint = read_checkpoint(path)
    module.load_state_dict({**checkpoint.tensors["weights"], **checkpoint.tensors.get("average", {})})
    module.step_count = checkpoint.state["step"]
    return _progress_of(checkpoint)


def _go_back_to_best(module: TrainingModule, run: RunFolder, progress: Progress, voice: Voice) -> None:
    """With early stopping the best weights are kept, not the last, unless they can no longer be read."""
    if progress.best_step is None or progress.best_step == module.step_count:
        return
    steps = module.step_count
    module.cpu()
    try:
        _take_up(module, run.checkpoint(progress.best_step))
    except BadInput as error:
        voice.say(f"{error}; the last weights are kept, not the best, which are of step {progress.best_step}")
    module.step_count = steps


class _Signals(Callback):
    """Has a handler called for Ctrl-C and SIGTERM.

    Lightning puts one of its own before it, which speaks to the other processes from within the signal and ends
    the run wherever it is; so this one takes its place again when training starts.
    """

    def __init__(self, handler: Callable[[int, Any], None]) -> None:
        self._handler = handler
        self._before = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}

    def on_train_start(self, *args: Any) -> None:
        """Lightning's hook: its handlers are there now."""
        self.take()

    def take(self) -> None:
        """Call the handler from now on."""
        for kind in self._before:
            signal.signal(kind, self._handler)

    def give_back(self) -> None:
        """Have the signals do what they did before."""
        for kind, old in self._before.items():
            signal.signal(kind, old)


@contextmanager
def _signals(limits: Limits, voice: Voice) -> Iterator[_Signals]:
    """Let Ctrl-C and a polite end finish the step and write a checkpoint; a second one ends at once."""

    def handler(kind: int, frame: object) -> None:
        limits.interrupted = True
        signals.give_back()
        voice.say("finishing this step and writing a checkpoint; once more ends at once")

    signals = _Signals(handler)
    signals.take()
    try:
        yield signals
    finally:
        signals.give_back()


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Leave out Lightning's remarks and advice."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric", "lightning")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\.")
        warnings.filterwarnings("ignore", message=".*lightning.*", category=UserWarning)
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
