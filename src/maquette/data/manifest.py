"""SHA-256 manifests: one line a file, "sum  relative/path", as `sha256sum -c SHA256SUMS` reads them."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from pathlib import Path, PurePosixPath

from ..io.atomic import replacing
from ..io.checksum import sha256_of
from ..io.errors import ParseError, as_bad_input
from ..io.files import read_file
from .problems import Problem

NAME = "SHA256SUMS"
_LINE = re.compile(r"(\\?)([0-9a-f]{64}) [ *](.+)")
_READERS = 4


def write_manifest(root: str | PathLike[str]) -> Path:
    """Write `SHA256SUMS` into a folder: the sums of all files below it, in order of their paths.

    Hidden files and folders are left out.

    Returns:
        The file's path.

    Raises:
        BadInput: the folder or a file in it cannot be read, or the manifest cannot be written.
    """
    root = Path(root)
    with as_bad_input(root, OSError, say="cannot be summed up"):
        names = sorted(_names_below(root))
        with ThreadPoolExecutor(_READERS) as pool:
            sums = list(pool.map(sha256_of, (root / name for name in names)))
    lines = [_line(total, name) for name, total in zip(names, sums, strict=True)]
    with as_bad_input(root / NAME, OSError, say="cannot be written"), replacing(root / NAME, "w") as file:
        file.writelines(lines)
    return root / NAME


def read_manifest(root: str | PathLike[str]) -> dict[str, str]:
    """The sums in a folder's `SHA256SUMS` by relative path.

    Raises:
        BadInput: no such file, not text, a line of another form, or a path that leads out of the folder.
    """
    path = Path(root) / NAME
    data = read_file(path)
    with as_bad_input(path, ParseError, ValueError):
        return dict(_parse(line, i) for i, line in enumerate(_lines(data), 1) if line)


def verify_manifest(root: str | PathLike[str]) -> list[Problem]:
    """Files that a folder's `SHA256SUMS` lists and that are missing or have changed; files beyond it are fine.

    Raises:
        BadInput: as `read_manifest`.
    """
    root, sums = Path(root), read_manifest(root)
    with ThreadPoolExecutor(_READERS) as pool:
        reasons = pool.map(_compare, (root / name for name in sums), sums.values())
        return [
            Problem(str(root / name), reason) for name, reason in zip(sums, reasons, strict=True) if reason
        ]


def _names_below(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root, onerror=_fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = (Path(folder) / name).relative_to(root).as_posix()
            if not name.startswith(".") and path != NAME:
                yield path


def _fail(error: OSError) -> None:
    raise error


def _compare(path: Path, expected: str) -> str:
    try:
        return "" if sha256_of(path) == expected else "has changed: its SHA-256 is not that of the manifest"
    except FileNotFoundError:
        return "is missing"
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)


def _line(total: str, name: str) -> str:
    """One line; names with a backslash or a line end are escaped as `sha256sum` does."""
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{chr(92) if escaped != name else ''}{total}  {escaped}\n"


def _lines(data: bytes) -> list[str]:
    """Lines as `sha256sum` ends them; `splitlines` would end them within names too."""
    return data.decode().replace("\r\n", "\n").split("\n")


def _parse(line: str, number: int) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ParseError("not of the form 'SHA-256  path'", f"line {number}")
    name = match[3]
    if match[1]:
        name = re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), name)
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ParseError(f"{name} lies outside the folder", f"line {number}")
    return name, match[2]
