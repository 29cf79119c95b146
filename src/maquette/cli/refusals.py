"""What a command refuses before torch is imported: wrong words, bad files, places that cannot be written to."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ..io.errors import BadInput

_SIDES = range(2, 257, 2)  # that packed files may have
MESH_OUT_SUFFIXES = (".glb", ".obj", ".ply", ".off", ".stl")


class Refusal(Exception):
    """A wrong flag or word; exit code 2."""


def need_side(side: int | None) -> None:
    """Refuse voxels of so many cells an edge that a packed file cannot have; None passes."""
    if side is not None and side not in _SIDES:
        raise Refusal(f"--side {side}: use an even number from {_SIDES[0]} to {_SIDES[-1]}")


def need_place(path: Path, suffixes: tuple[str, ...] = ()) -> None:
    """Refuse an output path that could not be written: what is there of its folders is closed or a file, or it is a
    folder itself. Folders that are missing are made when it is written.

    Args:
        path: the file (with one of `suffixes`) or folder to be written.
        suffixes: that a file may have; none for a folder.
    """
    if suffixes and path.suffix.lower() not in suffixes:
        raise BadInput(path, f"the name of the output must end in {', '.join(suffixes)}")
    if suffixes and path.is_dir():
        raise BadInput(path, "is a folder; the output is a file")
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise BadInput(path, "is a pipe or a device, not a file")
    parent = next(folder for folder in Path(os.path.realpath(path)).parents if folder.exists())
    if not parent.is_dir():
        raise BadInput(path, f"cannot be written: {parent} is a file")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise BadInput(path, f"cannot be written: no permission to write in {parent}")


def need_spared(read: Iterable[Path | None], written: Iterable[Path | None], called: str = "") -> None:
    """Refuse to write over a file that is read, however it is spelled, linked or linked to; None is no file.

    Args:
        read: files, before anything is written.
        written: files of the same command.
        called: what the refusal calls any file that is read; its path by default, where that is not the output's.
    """
    for out in filter(None, written):
        for path in filter(None, read):
            with suppress(OSError):  # where one of them is not there yet, they are two
                if os.path.samefile(path, out):
                    named = called or ("the file" if str(path) == str(out) else path)
                    raise BadInput(out, f"is {named}, which is read; give the output another name")
