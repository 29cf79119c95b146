"""Opening what PyTorch3D's readers and writers accept: paths, paths for a manager to interpret, streams."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from .atomic import replacing
from .files import refuse_pipe

PathOrStr = str | Path
PathManager = Any  # any object with `.open(path, mode)` and, where it can tell, `.exists(path)`


@contextmanager
def reading(f: Any, path_manager: PathManager | None = None, mode: str = "rb") -> Iterator[IO[Any]]:
    """Open a path for reading, or hand on an open stream (which is left open).

    Args:
        f: a `str` (opened by `path_manager` when there is one), a `Path`, or a stream.
        path_manager: any object with `.open(path, mode)`, or None.
        mode: "rb" or "r".

    Raises:
        BadInput: a pipe or a device, which is not opened.
    """
    if not isinstance(f, (str, Path)):
        yield f
        return
    if path_manager is not None and isinstance(f, str):
        opener = path_manager.open
    else:
        opener = open
        refuse_pipe(f)
    with opener(f, mode) as stream:
        yield stream


def read_bytes(f: Any, path_manager: PathManager | None = None) -> bytes:
    """Everything in a file or stream; the text of a text stream comes back as UTF-8."""
    with reading(f, path_manager) as stream:
        data = stream.read()
    return data.encode("utf-8") if isinstance(data, str) else bytes(data)


@contextmanager
def writing(f: Any, path_manager: PathManager | None = None) -> Iterator[IO[bytes]]:
    """Collect bytes in memory and, when the block ends well, put them where `f` says in one go.

    A file is replaced by renaming. Two cases are written directly: what a `path_manager` opens, and an
    existing empty file, which somebody may hold open to read the result (as `NamedTemporaryFile` does); such
    a file is emptied again if the write fails.

    Args:
        f: a `str`, a `Path`, or a stream (text streams receive the bytes decoded as UTF-8).
        path_manager: any object with `.open(path, mode)`, or None.
    """
    buffer = BytesIO()
    yield buffer
    data = buffer.getvalue()
    if not isinstance(f, (str, Path)):
        _write_to_stream(f, data)
    elif path_manager is not None and isinstance(f, str):
        with path_manager.open(f, "wb") as stream:
            stream.write(data)
    elif os.path.isfile(f) and os.path.getsize(f) == 0:
        _fill(f, data)
    else:
        with replacing(f) as stream:
            stream.write(data)


def _write_to_stream(stream: Any, data: bytes) -> None:
    try:
        stream.write(data)
    except TypeError:
        stream.write(data.decode("utf-8"))


def _fill(path: PathOrStr, data: bytes) -> None:
    with open(path, "r+b") as stream:
        try:
            stream.write(data)
            stream.flush()
        except BaseException:
            stream.truncate(0)
            raise


def exists(path: str, path_manager: PathManager | None = None) -> bool:
    """Whether `path` can be opened, as far as its manager can tell."""
    if path_manager is None:
        return os.path.exists(path)
    if hasattr(path_manager, "exists"):
        return bool(path_manager.exists(path))
    try:
        path_manager.open(path, "rb").close()
    except OSError:
        return False
    return True


def folder_of(f: Any) -> str:
    """The folder of a path as text ("" for one without a folder, "./" for a stream)."""
    return os.path.dirname(f) if isinstance(f, (str, Path)) else "./"
