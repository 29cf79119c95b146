"""How step size and edge length change on the way."""

from dataclasses import dataclass


@dataclass(frozen=True)
class StepSize:
    """A constant step size that falls exponentially at the end.

    Attributes:
        hold: fraction of the steps for which it stays whole, in [0, 1].
        final: what it is multiplied by at the last step, > 0; 1 keeps it whole.
    """

    hold: float = 0.5
    final: float = 0.1

    def at(self, step: int, steps: int) -> float:
        """Factor of the step size at `step` of `steps`."""
        if self.hold >= 1:
            return 1.0
        return float(self.final ** (max(step / steps - self.hold, 0.0) / (1 - self.hold)))


@dataclass(frozen=True)
class RemeshSchedule:
    """When to remesh, and towards which edge length; from coarse to fine.

    Attributes:
        every: steps between two passes.
        first, last: fractions of the steps between which passes happen, in [0, 1].
        coarse, fine: edge length at the first pass and from `fine_at` on, in the working frame; the way between
            them is even on a logarithmic scale.
        fine_at: fraction of the steps, in (first, 1].
    """

    every: int = 50
    first: float = 0.05
    last: float = 0.8
    coarse: float = 0.1
    fine: float = 0.05
    fine_at: float = 0.5

    def length_at(self, step: int, steps: int) -> float | None:
        """Edge length to remesh towards before `step` of `steps`; None where no pass is due."""
        progress = step / steps
        if step == 0 or step % self.every or not self.first <= progress <= self.last:
            return None
        way = min((progress - self.first) / max(self.fine_at - self.first, 1e-9), 1.0)
        return float(self.coarse * (self.fine / self.coarse) ** way)
