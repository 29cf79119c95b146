"""Names of the files and folders in a folder. Without torch."""

import os
from collections.abc import Iterator
from pathlib import Path

from ..io.errors import as_bad_input

MESH_SUFFIXES = (".ply", ".obj", ".glb", ".gltf", ".off", ".stl")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


def names_below(root: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Paths of the files with these suffixes below a folder, relative to it, folder by folder in order.

    Links are followed, each folder is visited once, and hidden files and folders are left out.
    """
    seen = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if Path(name).suffix.lower() in suffixes and not name.startswith("."):
                yield (Path(folder) / name).relative_to(root).as_posix()


def folders_in(root: Path) -> list[str]:
    """Names of a folder's own folders, sorted; hidden ones are left out.

    Raises:
        BadInput: it cannot be read.
    """
    with as_bad_input(root, OSError), os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and not entry.name.startswith("."))
