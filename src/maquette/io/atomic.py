"""Files that appear whole or not at all: written under temporary names beside their targets, then renamed."""

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import IO, Any

from .errors import BadInput
from .temporary import temporary_beside


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
def replacing_paths(paths: Sequence[str | PathLike[str]]) -> Iterator[list[Path]]:
    """Give temporary paths (same folders, same suffixes) that take the places of `paths` when the block ends
    well: of files that belong together, and for libraries that insist on a file name.

    Nothing is renamed before the block has ended, and then the first path last. Folders that are missing are made.
    On any exception, Ctrl-C included, the temporary files are removed and everything stays as it was; the exception
    names the path where it named the temporary one. A link is followed: the file that it names is replaced. Temporary
    files that a killed process left in these folders are removed.

    Raises:
        OSError: a folder cannot be made or written to, or a file was not written; a device or a pipe, whose place no
            file may take.
    """
    targets = [Path(os.path.realpath(path)) for path in paths]
    for path, target in zip(paths, targets, strict=True):
        if target.exists() and not (target.is_file() or target.is_dir()):
            raise OSError(errno.EINVAL, "Is a pipe or a device, not a file", os.fspath(path))
    temporaries = [temporary_beside(target, target.stem, target.suffix) for target in targets]
    with ExitStack() as stack:
        for path, target, temporary in zip(paths, targets, temporaries, strict=True):
            stack.enter_context(_under_its_name(path, temporary))
            stack.enter_context(folders_for(target))
        try:
            yield temporaries
            for path, target, temporary in zip(paths, targets, temporaries, strict=True):
                if target.is_dir():
                    raise IsADirectoryError(21, "Is a directory", os.fspath(path))
                temporary.stat()  # it is there
                if target.exists():
                    os.chmod(temporary, target.stat().st_mode & 0o7777)
            for target, temporary in reversed(list(zip(targets, temporaries, strict=True))):
                os.replace(temporary, target)
        except BaseException:
            for temporary in temporaries:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)
            raise


@contextmanager
def replacing_path(path: str | PathLike[str]) -> Iterator[Path]:
    """`replacing_paths` for one path."""
    with replacing_paths([path]) as (temporary,):
        yield temporary


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


def write_together(files: Mapping[Path, bytes | str]) -> None:
    """Write files that belong together, text as UTF-8: all of them appear, or none.

    Raises:
        OSError: one cannot be written.
    """
    with replacing_paths(list(files)) as temporaries:
        for temporary, content in zip(temporaries, files.values(), strict=True):
            temporary.write_bytes(content.encode() if isinstance(content, str) else content)


@contextmanager
def _under_its_name(path: str | PathLike[str], temporary: Path) -> Iterator[None]:
    """Errors about a temporary file, and about what is beside it under its stem, are told about `path`."""

    def told(text: str) -> str:
        return text.replace(str(temporary), os.fspath(path)).replace(temporary.stem, Path(path).stem)

    try:
        yield
    except BadInput as error:
        if temporary.stem not in str(error):
            raise
        raise BadInput(told(os.fspath(error.path)), told(error.reason), error.place) from error
    except OSError as error:
        if isinstance(error.filename, str):
            error.filename = told(error.filename)
        raise
