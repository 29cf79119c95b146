"""Names of the files and folders in a folder. Without torch."""

import os
from collections.abc import Iterator
from pathlib import Path

from ..io.errors import BadInput, as_bad_input

MESH_SUFFIXES = (".ply", ".obj", ".glb", ".gltf", ".off", ".stl")


def names_below(root: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Paths of the files with these suffixes below a folder, relative to it, folder by folder in order.

    Links are followed, each folder is visited once, and hidden files and folders are left out.

    Raises:
        BadInput: a folder cannot be read, or the path of such a file is not text.
    """
    seen = set()
    for folder, folders, files in os.walk(root, onerror=_fail, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if Path(name).suffix.lower() in suffixes and not name.startswith("."):
                yield utf8_name((Path(folder) / name).relative_to(root).as_posix(), root)


def folders_in(root: Path) -> list[str]:
    """Names of a folder's own folders, sorted; hidden ones are left out.

    Raises:
        BadInput: it cannot be read, or a name is not text.
    """
    with as_bad_input(root, OSError), os.scandir(root) as entries:
        names = [entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    return sorted(utf8_name(name, root) for name in names)


def _fail(error: OSError) -> None:
    raise BadInput(error.filename, error.strerror or "cannot be read") from error


def utf8_name(name: str, root: Path) -> str:
    """A name that can be written as UTF-8, as ids and tables are.

    Raises:
        BadInput: naming `root`, where it cannot.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = name.encode(errors="backslashreplace").decode()
        raise BadInput(root, f"the name {shown} in it is not UTF-8; rename it") from None
    return name
