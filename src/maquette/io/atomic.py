"""Files that appear whole or not at all: written under a temporary name beside the target, then renamed."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import IO, Any


@contextmanager
def folders_for(path: Path) -> Iterator[None]:
    """Make the folders around a path that are missing; where the block ends badly, they are taken away again.

    Raises:
        OSError: they cannot be made.
    """
    missing = [folder for folder in path.parents if not folder.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        with suppress(OSError):
            for folder in missing:
                folder.rmdir()
        raise


@contextmanager
def replacing_path(path: str | PathLike[str]) -> Iterator[Path]:
    """Give a temporary path (same folder, same suffix) that takes the place of `path` when the block ends
    well.

    For libraries that insist on a file name. Folders that are missing are made. On any exception, Ctrl-C included,
    the temporary file is removed and everything stays as it was. A link is followed: the file that it names is
    replaced.

    Raises:
        OSError: the folder cannot be made or written to, or nothing was written.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.stem}.{secrets.token_hex(6)}{target.suffix}")
    with folders_for(target):
        try:
            yield temporary
            if target.is_dir():
                raise IsADirectoryError(21, "Is a directory", str(path))
            if target.exists():
                os.chmod(temporary, target.stat().st_mode & 0o7777)
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise


@contextmanager
def replacing(path: str | PathLike[str], mode: str = "wb") -> Iterator[IO[Any]]:
    """Open a file for writing that takes the place of `path` only when the block ends without an exception.

    Args:
        path: the file to write or replace.
        mode: "wb", or "w" for UTF-8 text with "\\n" line ends.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    encoding, newline = (None, None) if "b" in mode else ("utf-8", "\n")
    with (
        replacing_path(path) as temporary,
        open(temporary, mode.replace("w", "x"), encoding=encoding, newline=newline) as file,
    ):
        yield file
        file.flush()
