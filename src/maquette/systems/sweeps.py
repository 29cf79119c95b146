"""`Sweep`: angles that a film of a reconstruction goes through. Does without torch."""

import math
import re
from dataclasses import dataclass

FILMS = {
    "relight": 360.0,
    "turn": 90.0,
}  # abilities that are shown as films, and how many degrees each may reach
_CIRCLE = 360.0
_NUMBER = r"\s*([-+]?\d+(?:\.\d*)?)\s*"


@dataclass(frozen=True)
class Sweep:
    """A range of angles in degrees.

    Attributes:
        first: where it starts.
        last: where it ends.
        reach: how far from 0 either may be.
        frames: of the film, an even number where it is no circle.

    Raises:
        ValueError: no range that rises by a degree at least and a circle at most, or one that reaches too far.
    """

    first: float
    last: float
    reach: float = _CIRCLE
    frames: int = 48

    def __post_init__(self) -> None:
        if not 1 <= self.last - self.first <= _CIRCLE:
            raise ValueError(f"the angles must rise by 1 to {_CIRCLE:g} degrees")
        if not max(-self.first, self.last) <= self.reach:
            raise ValueError(f"the angles must lie in [{-self.reach:g}, {self.reach:g}] degrees")

    @property
    def is_round(self) -> bool:
        """Whether it ends where it starts."""
        return math.isclose(self.last - self.first, _CIRCLE)

    def angles(self) -> list[float]:
        """Angles at equal distances: one a frame of a circle, else those of one way of a way and back."""
        steps = self.frames if self.is_round else max(1, self.frames // 2)
        shown = range(steps) if self.is_round else range(steps + 1)
        return [self.first + (self.last - self.first) * i / steps for i in shown]

    def order(self) -> list[int]:
        """Which of `angles` each frame of an endless film shows: round, or there and back."""
        there = list(range(len(self.angles())))
        return there if self.is_round else [*there, *there[-2:0:-1]]


def parse_sweep(text: str, reach: float = _CIRCLE) -> Sweep:
    """A sweep from "FROM:TO" in degrees; raises ValueError for what is none."""
    match = re.fullmatch(f"{_NUMBER}:{_NUMBER}", text)
    if match is None:
        raise ValueError("use FROM:TO in degrees, as in -60:60")
    return Sweep(float(match[1]), float(match[2]), reach)
