"""Folders that appear whole or not at all: filled under a temporary name beside the target, then renamed."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path

from .atomic import folders_for
from .errors import as_bad_input
from .temporary import MARK, temporary_beside

_LEFTOVER = re.compile(rf"\..+\.({MARK}|[0-9a-f]{{12}})\.(new|old)")


@contextmanager
def replacing_folder(path: str | PathLike[str]) -> Iterator[Path]:
    """Give an empty folder that takes the place of `path` when the block ends well.

    Folders around it that are missing are made. On any exception, Ctrl-C included, it is removed and everything stays
    as it was. Whether an existing folder may be replaced is for the caller to decide beforehand.
    What a killed process left beside it is removed.

    Raises:
        BadInput: the folder around `path` cannot be made or written to, or `path` is a file.
    """
    target = Path(os.path.realpath(path))
    temporary, retired = (temporary_beside(target, target.name, suffix) for suffix in (".new", ".old"))
    with as_bad_input(path, OSError, say="cannot be written"), folders_for(target):
        try:
            temporary.mkdir()
            yield temporary
            _swap(temporary, target, retired)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what `replacing_folder` left beside its targets in a folder when its process was killed.

    Only for a folder that no other process fills at the same time.
    """
    for path in list(folder.iterdir()):
        if _LEFTOVER.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def _swap(temporary: Path, target: Path, retired: Path) -> None:
    if not target.exists():
        temporary.rename(target)
        return
    if not target.is_dir():
        raise NotADirectoryError(20, "Not a directory", str(target))
    target.rename(retired)
    try:
        temporary.rename(target)
    except BaseException:
        with suppress(OSError):
            retired.rename(target)
        raise
    shutil.rmtree(retired, ignore_errors=True)
