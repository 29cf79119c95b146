"""Files of compiled kernels in Warp's cache, and whether they are whole."""

import json
import re
import struct
from collections.abc import Callable
from pathlib import Path

_ELF_64 = b"\x7fELF\x02\x01"


def compiled(cache: Path, module: str) -> list[Path]:
    """Folders that a cache has of a module."""
    of_module = re.compile(rf"wp_{re.escape(module)}(_[0-9a-f]{{7,}})?")
    return [folder for folder in sorted(cache.glob("wp_*")) if of_module.fullmatch(folder.name)]


def broken(folder: Path) -> list[Path]:
    """Files of a module's folder that can be told to be broken: cut off, overwritten by zeros, not to be read."""
    return [path for path in sorted(folder.glob("*")) if path.suffix in _CHECKS and not _is_whole(path)]


def _is_whole(path: Path) -> bool:
    try:
        data = path.read_bytes()
        return _CHECKS[path.suffix](data)
    except (OSError, ValueError, struct.error):
        return False


def _is_object(data: bytes) -> bool:
    """ELF objects end with a table of sections, of which the first is empty and the others are not."""
    if not data.startswith(_ELF_64):
        return bool(data.strip(b"\0")) and not data.startswith(b"\x7fELF")  # of another kind of machine
    (table,), (size, count) = struct.unpack_from("<Q", data, 40), struct.unpack_from("<HH", data, 58)
    sections = data[table : table + size * count]
    first, last = sections[:size].strip(b"\0"), sections[-size:].strip(b"\0")
    return len(sections) == size * count and not first and bool(last)


_CHECKS: dict[str, Callable[[bytes], bool]] = {
    ".meta": lambda data: isinstance(json.loads(data), dict),
    ".o": _is_object,
    ".cubin": _is_object,
    ".ptx": lambda data: bool(data.strip(b"\0")),
}
