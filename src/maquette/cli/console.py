"""What a command says while it works: results on stdout, progress on stderr, numbers as JSON."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from typing import Any

from ..io.errors import BadInput, as_bad_input
from ..io.json_text import json_text
from ..io.printable import printable
from .refusals import need_place

Advance = Callable[[int, str], None]
_PLAIN_SECONDS = 5.0
_WORTH_SAYING_SECONDS = 10.0
OVER_BAR = "\r\x1b[2K"  # before a line that takes the place of the progress bar


class Console:
    """Where a command's words go.

    Args:
        quiet: whether to say nothing at all.
        json_file: where numbers are written; `-` is stdout, which then holds nothing else.
    """

    def __init__(self, quiet: bool = False, json_file: Path | None = None) -> None:
        self._quiet, self._json_file = quiet, json_file
        self._results = sys.stdout
        if json_file is not None and not self._to_stdout:
            need_place(json_file)
            if json_file.is_dir():
                raise BadInput(json_file, "is a folder; the numbers need a file")

    @property
    def _to_stdout(self) -> bool:
        return str(self._json_file) == "-"

    @contextmanager
    def stdout_for_numbers(self) -> Iterator[None]:
        """Send what anything prints to stderr while stdout is kept for the numbers."""
        with redirect_stdout(sys.stderr) if self._to_stdout else nullcontext():
            yield

    def say(self, line: str) -> None:
        """One line for a person, control characters as escapes; on stderr when stdout is kept for the numbers."""
        if not self._quiet:
            over = OVER_BAR if line.startswith(OVER_BAR) else ""
            text = over + printable(line.removeprefix(over))
            print(text, file=sys.stderr if self._to_stdout else self._results, flush=True)

    def write_json(self, numbers: Any) -> None:
        """Write the numbers where `--json` said, if it did."""
        if self._json_file is None:
            return
        text = json_text(numbers)
        if self._to_stdout:
            self._results.write(text)
            self._results.flush()
            return
        from ..io.atomic import replacing

        with (
            as_bad_input(self._json_file, OSError, say="cannot be written"),
            replacing(self._json_file, "w") as file,
        ):
            file.write(text)

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Advance]:
        """Give a function `advance(done, note)` that shows how far the work is.

        A bar on a terminal; elsewhere a line every few seconds, and none for work that is shorter; nothing
        when quiet.
        """
        if self._quiet:
            yield lambda done, note: None
        elif sys.stderr.isatty():
            with _bar(label, total) as advance:
                yield advance
        else:
            yield _lines(label, total)


def duration(seconds: float) -> str:
    """A time to go in words, such as "40 s", "17 min", "2.3 h" or "6.1 days"."""
    for unit, size, digits in (("days", 86400, 1), ("h", 3600, 1), ("min", 60, 0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.{digits}f} {unit}"
    return f"{seconds:.0f} s"


@contextmanager
def _bar(label: str, total: int) -> Iterator[Advance]:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=RichConsole(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=total, note="")
        yield lambda done, note: progress.update(task, completed=done, note=printable(note))


def _lines(label: str, total: int) -> Advance:
    began = said = time.monotonic()
    first: tuple[int, float] | None = (
        None  # what it took, kernels that compile among it, says nothing of the others
    )

    def advance(done: int, note: str) -> None:
        nonlocal said, first
        now = time.monotonic()
        since, then = first = first or (done, now)
        if now - said >= _PLAIN_SECONDS or (done == total and said > began):
            said = now
            left = (now - then) * (total - done) / (done - since) if done > since else 0.0
            to_go = f", {duration(left)} to go" if left >= _WORTH_SAYING_SECONDS else ""
            line = printable(f"{label}: {done}/{total} {note}".rstrip())
            print(line + to_go, file=sys.stderr, flush=True)

    return advance
