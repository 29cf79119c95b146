"""`Progress`: what a run remembers beyond its tensors, and `LogRow`: what it tells on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..metrics.measure import Measure


@dataclass
class Progress:
    """What a run has to remember beyond its tensors; part of every checkpoint.

    Attributes:
        sums: of the numbers that steps give, since the last row.
        counts: how many numbers are in each of these sums.
        seconds: of all sessions of the run.
        best: of all validations, in the module's goal.
        best_step: steps behind which it was reached.
        worse: validations since then.
        stopped: whether it has ended early because nothing got better.
        owes_row: whether the run was ended in the validation behind its last step, which a resumed run makes first.
    """

    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    best: float | None = None
    best_step: int | None = None
    worse: int = 0
    stopped: bool = False
    owes_row: bool = False

    def judge(self, step: int, value: float, goal: Measure) -> bool:
        """Take down a validation behind a step; returns whether it is the best so far."""
        if goal.better(value, self.best):
            self.best, self.best_step, self.worse = value, step, 0
            return True
        self.worse += 1
        return False


@dataclass(frozen=True)
class LogRow:
    """Numbers behind a step.

    Attributes:
        step: steps that are done.
        seconds: of the run so far.
        samples_per_second: since the last row, without validations.
        lr: the step's learning rate.
        train: means since the last row, by name.
        val: of a validation, by name; empty without one.
        best: the best validation so far, where there was one before this row.
    """

    step: int
    seconds: float
    samples_per_second: float
    lr: float
    train: Mapping[str, float]
    val: Mapping[str, float]
    best: float | None = None

    def columns(self) -> dict[str, float]:
        """For the table of the run; numbers of validations have "val_" before their names."""
        clock = {"seconds": self.seconds, "samples_per_second": self.samples_per_second, "lr": self.lr}
        return {**clock, **self.train, **{f"val_{name}": value for name, value in self.val.items()}}

    def text(self, goal: Measure) -> str:
        """Everything, as a line for people."""
        parts = [*_named(self.train, goal)]
        if self.val:
            first, *others = _named(self.val, goal)
            parts += [f"val {first}", *others]
        elif self.best is not None:
            parts.append(f"best val {goal.label} {goal.text(self.best)}")
        return ", ".join([*parts, self._pace(), f"{self.seconds:.0f} s"])

    def short_text(self, goal: Measure) -> str:
        """What there is room for beside a progress bar."""
        return ", ".join([*_named(self.train, goal)[:2], self._pace()])

    def _pace(self) -> str:
        return f"{self.samples_per_second:.1f} samples/s"


def _named(numbers: Mapping[str, float], goal: Measure) -> list[str]:
    """ "loss 0.1234" and "IoU 0.345": the goal has its own label and digits."""
    return [
        f"{goal.label} {goal.text(value)}" if name == goal.name else f"{name.replace('_', ' ')} {value:.4f}"
        for name, value in numbers.items()
    ]
