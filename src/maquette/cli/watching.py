"""Following a molding: progress on the terminal and, where asked for, the mesh in the browser."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

from .console import Advance, Console

if TYPE_CHECKING:
    from torch import Tensor

    from ..systems.molding.live import LiveView
    from ..systems.molding.optimise import Molder

_NOTE_SECONDS = 0.2  # between two readings of the losses


class Watch:
    """What molding calls after every step.

    Args:
        advance: shows how many steps are done.
        page: shows the mesh; None for none.
    """

    def __init__(self, advance: Advance, page: "LiveView | None" = None) -> None:
        self._advance, self._page = advance, page
        self._noted, self._note = 0.0, ""

    def __call__(self, step: int, molder: "Molder", terms: "dict[str, Tensor]") -> None:
        """Take note of a step; losses are read a few times a second."""
        now = time.monotonic()
        if now - self._noted > _NOTE_SECONDS:
            self._noted = now
            name, value = next(iter(terms.items()))
            self._note = f"{name} {float(value):.2e}"
        self._advance(step + 1, self._note)
        if self._page is not None:
            self._page(step, molder, terms)


@contextmanager
def live_page(console: Console, port: int | None) -> Iterator["LiveView | None"]:
    """A page in the browser that shows the mesh; None where no port is given.

    It stays after the block has ended well, until Ctrl-C.
    """
    if port is None:
        yield None
        return
    from ..systems.molding.live import LiveView

    with redirect_stdout(StringIO()):
        page = LiveView(port)
    console.say(f"live at {page.url}")
    try:
        yield page
        page.show_latest()
        _wait(console)
    finally:
        with redirect_stdout(StringIO()):
            page.close()


def _wait(console: Console) -> None:
    console.say("the page stays open until Ctrl-C")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:  # everything is written: this only closes the page
        return
