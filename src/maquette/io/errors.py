"""The one error that strict readers and writers of files raise."""

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath


class ParseError(ValueError):
    """A parser's complaint that knows the place in the file ("line 12", "element face")."""

    def __init__(self, reason: str, place: str = "") -> None:
        super().__init__(reason)
        self.place = place


class BadInput(Exception):
    """A file that cannot be used. Its text is one line: file, place where known, reason."""

    def __init__(self, path: str | PathLike[str], reason: str, place: str = "") -> None:
        self.path, self.reason, self.place = fspath(path), " ".join(reason.split()), " ".join(place.split())
        super().__init__(": ".join(part for part in (self.path, self.place, self.reason) if part))


@contextmanager
def as_bad_input(path: str | PathLike[str], *kinds: type[BaseException], say: str = "") -> Iterator[None]:
    """Turn errors of the given `kinds` raised inside the block into `BadInput` about `path`.

    Args:
        path: the file being worked on.
        kinds: exception classes to translate; others pass unchanged.
        say: words put before the error's own text.
    """
    try:
        yield
    except BadInput:
        raise
    except kinds as error:
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        reason = ": ".join(part for part in (say, text or type(error).__name__) if part)
        raise BadInput(path, reason, getattr(error, "place", "")) from error
