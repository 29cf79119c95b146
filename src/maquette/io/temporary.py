"""Temporary names beside a target, which tell whose they are; what a killed process left under them goes."""

import hashlib
import os
import platform
import re
import secrets
import shutil
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path

_LONGEST = 255  # bytes of a name in a folder
_LONGEST_SUFFIX = 32
MARK = r"[0-9a-f]{8}-\d+-[0-9a-f]{8}"
_OURS = re.compile(r"\.(?P<of>.*)\.(?P<host>[0-9a-f]{8})-(?P<process>\d+)-[0-9a-f]{8}(\..*)?", re.DOTALL)


def temporary_beside(target: Path, stem: str, suffix: str) -> Path:
    """A name of this process in the folder of `target`, which nothing has; leftovers in the folder go.

    Args:
        target: what the file or folder will be.
        stem: what the name begins with, behind a point; cut where the whole would be too long.
        suffix: what it ends with; left out where it is too long to be that of a kind of file.
    """
    _sweep(target.parent)
    suffix = suffix if len(os.fsencode(suffix)) <= _LONGEST_SUFFIX else ""
    mark = f"{_host()}-{os.getpid()}-{secrets.token_hex(4)}"
    room = _LONGEST - len(os.fsencode(f"..{mark}{suffix}"))
    if len(os.fsencode(stem)) > room:
        stem = os.fsencode(stem)[:room].decode("utf-8", "ignore")
    return target.with_name(f".{stem}.{mark}{suffix}")


@cache
def _host() -> str:
    """Which machine, and which of its containers, the numbers of processes belong to."""
    space = ""
    with suppress(OSError):
        space = os.readlink("/proc/self/ns/pid")
    return hashlib.blake2b(f"{platform.node()} {space}".encode(), digest_size=4).hexdigest()


@lru_cache(maxsize=256)
def _sweep(folder: Path) -> None:
    """Once a process and folder: remove what processes of this machine left there that are no more."""
    with suppress(OSError):
        for name in os.listdir(folder):
            found = _OURS.fullmatch(name)
            if found and found["host"] == _host() and _is_gone(int(found["process"])):
                _take_away(folder / name, folder / found["of"])


def _is_gone(process: int) -> bool:
    if os.name != "posix":  # elsewhere asking a process is ending it
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        pass
    return False


def _take_away(path: Path, of: Path) -> None:
    """Remove a leftover; a folder that was about to be replaced when its process ended comes back."""
    if not path.is_dir():
        path.unlink(missing_ok=True)
    elif path.suffix == ".old" and not of.exists():
        path.rename(of)
    else:
        shutil.rmtree(path, ignore_errors=True)
