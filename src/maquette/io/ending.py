"""SIGTERM ends a command as Ctrl-C does: what it was writing goes, and its temporary files."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread


class Terminated(KeyboardInterrupt):
    """The end that SIGTERM asks for, on the way of Ctrl-C."""


def ended_by(kind: int) -> KeyboardInterrupt:
    """What a signal raises that was waited for in another way."""
    return Terminated() if kind == signal.SIGTERM else KeyboardInterrupt()


@contextmanager
def polite_end() -> Iterator[None]:
    """Let SIGTERM raise `Terminated` in the block; a second one ends the process at once.

    Processes that are forked meanwhile end at once, as before: it is for their parent to clean up. Where SIGTERM is
    ignored or handled already, and in threads, which can have no handlers, nothing changes.
    """
    if current_thread() is not main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    owner = os.getpid()

    def end(kind: int, frame: object) -> None:
        signal.signal(kind, signal.SIG_DFL)
        if os.getpid() != owner:
            os.kill(os.getpid(), kind)
        raise Terminated

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
