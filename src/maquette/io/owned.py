"""A folder that one process at a time works in."""

import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from .atomic import folders_for
from .errors import BadInput, as_bad_input

try:
    import fcntl
except ImportError:  # Windows, where a folder has no owner
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Own a folder, which is made where it is missing; where the block ends badly and leaves it empty, it goes.

    What owns it is a lock of the system on `.lock` in it. It ends with the process, however that ends, on another
    host too where the file system is shared and locks between hosts; processes that are forked meanwhile do not hold
    it. Where the file system has no locks nobody is refused.

    Raises:
        BadInput: another process owns the folder, or it cannot be made or written to.
    """
    file = folder / LOCK
    with ExitStack() as stack:
        with as_bad_input(folder, OSError, say="cannot be written"):
            stack.enter_context(folders_for(file))
            lock = _locked(file)
        try:
            yield
        finally:
            with suppress(OSError):
                file.unlink()  # while it is owned: who waits for its name finds another file, or none
            os.close(lock)


def _locked(file: Path) -> int:
    while True:
        lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if fcntl is not None:
                _lock(lock)
        except BlockingIOError:
            owner = os.read(lock, 200).decode(errors="replace")
            os.close(lock)
            raise BadInput(file.parent, f"is in use by {owner or 'another process'}") from None
        with suppress(OSError):
            if os.path.samestat(
                os.fstat(lock), os.stat(file)
            ):  # else its owner before has just taken it away
                break
        os.close(lock)
    os.truncate(lock, 0)
    os.write(lock, f"process {os.getpid()} on {platform.node()}".encode())
    return lock


def _lock(lock: int) -> None:
    """Raise BlockingIOError where another process has it; a file system without locks is as one nobody has."""
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:  # which of them differs between systems
        raise BlockingIOError from error
    except OSError:
        pass
