"""The one error that strict readers and writers of files raise, and the warning of what they leave out."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from os import PathLike, fspath

from .printable import printable, shortened

_LONGEST = 1000  # characters of a path, place or reason
_FILE: ContextVar[str] = ContextVar("file", default="")


class ParseError(ValueError):
    """A parser's complaint that knows the place in the file ("line 12", "element face")."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(reason)
        self.place = place


class BadInput(Exception):
    """A file that cannot be used. Its text is one line: file, place where known, reason."""

    def __init__(self, path: str | PathLike[str], reason: str, place: str = "") -> None:
        self.path, self.reason, self.place = fspath(path), " ".join(reason.split()), " ".join(place.split())
        super().__init__(_one_line(self.path, self.place, self.reason))


class LeftOut(UserWarning):
    """Something in a file that is not used. Its text is one line, as that of `BadInput`."""


def _one_line(*parts: str) -> str:
    """The parts that are not empty, as a terminal can show them; what files say at length is cut."""
    return printable(": ".join(shortened(part, _LONGEST) for part in parts if part))


def say_left_out(reason: str, place: str = "") -> None:
    """Warn of something that is not used, in the file that `as_bad_input` is about where there is one."""
    warnings.warn(_one_line(_FILE.get(), place, reason), LeftOut, stacklevel=3)


@contextmanager
def as_bad_input(path: str | PathLike[str], *kinds: type[BaseException], say: str = "") -> Iterator[None]:
    """Turn errors of the given `kinds` raised inside the block into `BadInput` about `path`; warnings name it.

    Args:
        path: the file being worked on.
        kinds: exception classes to translate; others pass unchanged.
        say: words put before the error's own text.
    """
    before = _FILE.set(fspath(path))
    try:
        yield
    except BadInput:
        raise
    except kinds as error:
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        reason = ": ".join(part for part in (say, text or type(error).__name__) if part)
        raise BadInput(path, reason, getattr(error, "place", "")) from error
    finally:
        _FILE.reset(before)
