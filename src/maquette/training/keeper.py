"""`Keeper`: what happens between the steps of a run: rows, validation, checkpoints, and when to stop."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer

from ..data.batch import ViewSource
from ..data.problems import Problem
from ..io.errors import BadInput
from .module import TrainingModule
from .run_folder import RunFolder
from .run_log import RunLog
from .schedule import learning_rate
from .stream import Sample
from .validation import Draw, picture_of, validate, validation_entries

_MOST_NAMED = 20


class Diverged(RuntimeError):
    """Training has failed: the loss is not finite, or too large."""


@dataclass
class Progress:
    """What a run has to remember beyond its tensors; part of every checkpoint.

    Attributes:
        loss: sum since the last row.
        iou: sum since the last row.
        count: samples (parts of batches) of these sums.
        seconds: of all sessions of the run.
        best_iou: of all validations.
        best_step: steps behind which it was reached.
        worse: validations since then.
        val_loss: of the last validation.
        val_iou: of the last validation.
        stopped: whether it has ended early because nothing got better.
    """

    loss: float = 0.0
    iou: float = 0.0
    count: int = 0
    seconds: float = 0.0
    best_iou: float | None = None
    best_step: int | None = None
    worse: int = 0
    val_loss: float | None = None
    val_iou: float | None = None
    stopped: bool = False


@dataclass
class Limits:
    """What may end a run before its last step.

    Attributes:
        max_seconds: of the run, all sessions together; None for no limit.
        interrupted: set from outside to end behind the step that is being made.
    """

    max_seconds: float | None = None
    interrupted: bool = False


@dataclass(frozen=True)
class Voice:
    """How a run speaks.

    Attributes:
        say: one line.
        advance: steps done, and a note on them.
        draw: pictures of a predicted and a true grid for the log; None for none.
    """

    say: Callable[[str], None] = lambda line: None
    advance: Callable[[int, str], None] = lambda done, note: None
    draw: Draw | None = None


@dataclass
class _Pace:
    """Samples a second since the last row, without validations."""

    began: float = field(default_factory=time.monotonic)
    steps: int = 0

    def restart(self) -> None:
        self.began, self.steps = time.monotonic(), 0

    def samples_per_second(self, batch: int) -> float:
        return self.steps * batch / max(time.monotonic() - self.began, 1e-9)


class Keeper(Callback):
    """Follows a run step by step.

    Behind a step come, in this order and each where it is due: a row with the means since the last one, a
    validation, a checkpoint. A checkpoint knows all that went before, so that a run resumed from it does the same.

    Args:
        run: the folder.
        source: for validation.
        limits: what may end the run early.
        voice: how it speaks.
    """

    def __init__(self, run: RunFolder, source: ViewSource, limits: Limits, voice: Voice) -> None:
        self.run, self.source, self.limits, self.voice = run, source, limits, voice
        self.progress = Progress()
        self.run_log: RunLog | None = None
        self._pace = _Pace()
        self._began = 0.0
        self._sums = torch.zeros(2, dtype=torch.float64)
        self._held: list[int] = []
        self._left_out: set[Problem] = set()

    def state_dict(self) -> dict[str, Any]:
        """Lightning's hook: what a checkpoint keeps."""
        return asdict(self.progress)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Lightning's hook: the same back."""
        self.progress = Progress(**state_dict)

    def on_train_start(self, trainer: Trainer, module: TrainingModule) -> None:  # type: ignore[override]
        """Lightning's hook: the clock starts."""
        self._held = validation_entries(self.source, module.training_config)
        self._sums = torch.tensor([self.progress.loss, self.progress.iou], dtype=torch.float64)
        self._sums = self._sums.to(module.device) if module.device.type == "cuda" else self._sums
        self._began = time.monotonic() - self.progress.seconds
        self._pace.restart()

    def on_train_batch_end(  # type: ignore[override]
        self, trainer: Trainer, module: TrainingModule, outputs: Any, sample: Sample, index: int
    ) -> None:
        """Lightning's hook: behind every part of a batch."""
        self._sums += torch.stack([module.loss, module.iou]).to(self._sums)
        self.progress.count += 1
        if (index + 1) % module.training_config.accumulate == 0:
            self._pace.steps += 1
            self._after_step(trainer, module)

    def _after_step(self, trainer: Trainer, module: TrainingModule) -> None:
        config, step = module.training_config, module.step_count
        self.progress.seconds = time.monotonic() - self._began
        interrupted, late = self._must_end(trainer)
        complete, ends = step >= config.steps, interrupted or late
        timed_out = late and not interrupted
        validates = bool(self._held) and (step % config.val_every == 0 or complete or timed_out)
        improved = False
        if step % config.log_every == 0 or validates or complete:
            improved = self._make_row(trainer, module, validates)
        stops = self.progress.stopped = 0 < config.patience <= self.progress.worse
        if step % config.checkpoint_every == 0 or improved or ends or complete or stops:
            self._check_finite(trainer, module)
            self._save(trainer, module)
        if stops and not complete:
            self.voice.say(f"step {step}: no better IoU in {self.progress.worse} validations; stopping")
        trainer.should_stop = ends or complete or stops

    def _must_end(self, trainer: Trainer) -> tuple[bool, bool]:
        """Whether any of the processes was told to end, and whether the time of any is over; all agree on both."""
        limit = self.limits.max_seconds
        late = limit is not None and self.progress.seconds >= limit
        ends = torch.tensor([self.limits.interrupted, late], dtype=torch.float32)
        if trainer.world_size > 1:
            ends = trainer.strategy.reduce(ends.to(trainer.strategy.root_device), reduce_op="sum")
        interrupted, late = (ends > 0).tolist()
        if interrupted:
            self.limits.interrupted = True
        return interrupted, late

    def _shared_sums(self, trainer: Trainer) -> tuple[float, float]:
        """Sums since the last row, the mean over all processes."""
        sums = self._sums.clone()
        if trainer.world_size > 1:
            sums = trainer.strategy.reduce(sums, reduce_op="mean")
        loss, iou = sums.tolist()
        return loss, iou

    def _means(self, trainer: Trainer) -> tuple[float, float]:
        loss, iou = self._shared_sums(trainer)
        return loss / self.progress.count, iou / self.progress.count

    def _check_finite(self, trainer: Trainer, module: TrainingModule) -> None:
        """A loss may still be finite whose gradient was not."""
        if self.progress.count:
            self._judge(module, self._means(trainer)[0])
        if not all(bool(p.isfinite().all()) for p in module.network.parameters()):
            raise Diverged(self._failure(module, "the weights are not finite"))

    def _judge(self, module: TrainingModule, loss: float) -> None:
        limit = module.training_config.stop_loss or float("inf")
        if loss < limit:
            return
        what = (
            f"is {loss:.3g}, above {limit:g}" if loss >= limit and limit < float("inf") else "is not finite"
        )
        raise Diverged(self._failure(module, f"the loss {what}"))

    def _failure(self, module: TrainingModule, what: str) -> str:
        steps = self.run.steps()
        kept = f"the last checkpoint is of step {steps[-1]}" if steps else "there is no checkpoint yet"
        return f"{what} at step {module.step_count}; {kept}; try a smaller learning rate"

    def _make_row(self, trainer: Trainer, module: TrainingModule, validates: bool) -> bool:
        """Write a row; returns whether its validation is the best so far."""
        config, step = module.training_config, module.step_count
        loss, iou = self._means(trainer)
        self._judge(module, loss)
        pace = self._pace.samples_per_second(config.batch)
        row = {
            "seconds": round(self.progress.seconds, 3),
            "samples_per_second": round(pace, 3),
            "lr": learning_rate(config, step - 1),
            "loss": loss,
            "iou": iou,
        }
        improved = validates and self._validate(trainer, module, row)
        if self.run_log is not None:
            self.run_log.row(step, row)
        self._speak(step, row)
        self._sums.zero_()
        self.progress.count = 0
        self.progress.seconds = time.monotonic() - self._began
        self._pace.restart()
        return improved

    def _validate(self, trainer: Trainer, module: TrainingModule, row: dict[str, float]) -> bool:
        config = module.training_config
        own = self._held[trainer.global_rank :: trainer.world_size]
        with trainer.precision_plugin.forward_context():
            found = validate(module, module.best_network, self.source, own, config.val_views)
        self._say_left_out(found.problems)
        sums = found.sums
        if trainer.world_size > 1:
            sums = trainer.strategy.reduce(sums.to(module.device), reduce_op="sum").cpu()
        loss, iou, count = sums.tolist()
        if count == 0:
            self.voice.say(f"step {module.step_count}: no validation: none of its objects can be read")
            return False
        row["val_loss"], row["val_iou"] = loss / count, iou / count
        if self.run_log is not None and self.voice.draw is not None and found.shown is not None:
            sheet = picture_of(*found.shown, module.threshold, self.voice.draw)
            self.run_log.picture(module.step_count, "picture_prediction_truth", sheet)
        return self._remember(module.step_count, row["val_loss"], row["val_iou"])

    def _say_left_out(self, problems: Sequence[Problem]) -> None:
        """Name what has not been named yet."""
        new = [problem for problem in problems if problem not in self._left_out]
        self._left_out.update(new)
        for problem in new[:_MOST_NAMED]:
            self.voice.say(f"not validated: {problem.path}: {problem.reason}")
        if len(new) > _MOST_NAMED:
            self.voice.say(f"not validated: {len(new) - _MOST_NAMED} more")

    def _remember(self, step: int, loss: float, iou: float) -> bool:
        progress = self.progress
        progress.val_loss, progress.val_iou = loss, iou
        if progress.best_iou is None or iou > progress.best_iou:
            progress.best_iou, progress.best_step, progress.worse = iou, step, 0
            return True
        progress.worse += 1
        return False

    def _speak(self, step: int, row: dict[str, float]) -> None:
        parts = [f"loss {row['loss']:.4f}", f"IoU {row['iou']:.3f}"]
        if "val_iou" in row:
            parts.append(f"val loss {row['val_loss']:.4f}, IoU {row['val_iou']:.3f}")
        elif self.progress.best_iou is not None:
            parts.append(f"best val IoU {self.progress.best_iou:.3f}")
        parts += [f"{row['samples_per_second']:.1f} samples/s", f"{row['seconds']:.0f} s"]
        text = ", ".join(parts)
        if "val_iou" in row:
            self.voice.say(f"step {step}: {text}")
        else:
            self.voice.advance(step, text)

    def _save(self, trainer: Trainer, module: TrainingModule) -> None:
        self.progress.loss, self.progress.iou = self._shared_sums(trainer)
        try:
            trainer.save_checkpoint(self.run.checkpoint(module.step_count))
        except BadInput as error:
            steps = self.run.steps()
            kept = f"the checkpoint of step {steps[-1]} is intact" if steps else "there is no checkpoint yet"
            raise BadInput(error.path, f"{error.reason}; {kept}", error.place) from error
        if trainer.is_global_zero:
            self.run.prune(self.progress.best_step)
