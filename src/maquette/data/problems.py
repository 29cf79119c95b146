"""`Problem`: one thing that is wrong with one file of a data set, which goes on without it."""

from typing import NamedTuple

from ..io.errors import BadInput


class Problem(NamedTuple):
    """What is wrong, and with which file or object.

    Attributes:
        path: of the file, as the data set's folder was given, or the object's id.
        reason: one line.
    """

    path: str
    reason: str

    @classmethod
    def of(cls, error: BadInput) -> "Problem":
        """The problem that stopped a reader."""
        return cls(error.path, ": ".join(part for part in (error.place, error.reason) if part))
