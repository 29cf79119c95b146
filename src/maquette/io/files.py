"""Files as bytes; every problem with a file is a `BadInput`."""

import os
import re
import stat
from os import PathLike
from pathlib import Path

from .errors import BadInput, as_bad_input

_FROM_SHELL = re.compile(r"/dev/(stdin|fd/\d+)|/proc/(self|\d+)/fd/\d+")


def need_file(path: str | PathLike[str]) -> None:
    """Refuse what is missing or no file: opening a named pipe would wait for ever. What the shell has opened
    already (`/dev/stdin`, and `/dev/fd/N` of a process substitution) passes.

    Raises:
        BadInput: it is refused.
    """
    with as_bad_input(path, OSError, ValueError):
        mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise BadInput(path, "is a folder, not a file")
    if not stat.S_ISREG(mode) and not _FROM_SHELL.fullmatch(str(path)):
        raise BadInput(path, "is a pipe or a device, not a file")


def refuse_pipe(path: str | PathLike[str]) -> None:
    """Refuse what `need_file` would wait for; what is missing or a folder is for the one who opens it to say."""
    if os.path.exists(path) and not os.path.isdir(path):
        need_file(path)


def read_file(path: str | PathLike[str]) -> bytes:
    """The content of a file that `need_file` lets pass and that is not empty; else `BadInput`."""
    need_file(path)
    with as_bad_input(path, OSError, ValueError):
        data = Path(path).read_bytes()
    if not data:
        raise BadInput(path, "the file is empty")
    return data
