"""What a run says while it goes on: rows, and how long it will take, at least every half minute."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from .console import Console, duration

_SILENCE_SECONDS = 20.0
_LOOK_SECONDS = 5.0


class TimeToGo:
    """Seconds that the steps of a run will still take, by those that it has made since it began.

    Args:
        total: steps.
        seconds: a step, for as long as none is done; None where that is not known.
    """

    def __init__(self, total: int, seconds: float | None = None) -> None:
        self._total, self._seconds = total, seconds
        self._first: tuple[int, float] | None = None
        self.done = 0

    def step(self, done: int, now: float) -> None:
        """Take down how many steps are done at a time in seconds; the first is only what the others count from."""
        self.done = done
        if self._first is None:
            self._first = done, now
        elif done > self._first[0]:
            self._seconds = (now - self._first[1]) / (done - self._first[0])

    def words(self, done: int | None = None) -> str:
        """Such as "step 20 of 800, about 20 min to go"; behind the last step "step 800 of 800".

        Args:
            done: steps, where they are not taken down yet.
        """
        done = self.done if done is None else done
        at = f"step {done} of {self._total}" if done else f"in the first of {self._total} steps"
        left = self._total - done
        known = left > 0 and self._seconds is not None
        return f"{at}, about {duration((self._seconds or 0) * left)} to go" if known else at


class Spoken:
    """Lines of a run, and one more wherever it has been silent for long.

    Args:
        console: where they go.
        clock: of the run.
    """

    def __init__(self, console: Console, clock: TimeToGo) -> None:
        self._console, self.clock = console, clock
        self._last = time.monotonic()

    def say(self, line: str) -> None:
        """A line of its own."""
        self._last = time.monotonic()
        self._console.say(line)

    def step(self, done: int) -> None:
        """So many steps are done."""
        self.clock.step(done, time.monotonic())

    def look(self) -> None:
        """Say how far the run is where nothing has been said for long."""
        if time.monotonic() - self._last >= _SILENCE_SECONDS:
            self.say(f"training: {self.clock.words()}")


@contextmanager
def never_silent(look: Callable[[], None]) -> Iterator[None]:
    """Call a function every few seconds, whatever the block does: one step of a large network may take a minute."""
    ended = Event()

    def watch() -> None:
        while not ended.wait(_LOOK_SECONDS):
            look()

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
