"""What a command refuses, found before anything heavy is imported."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..structures import Meshes

MESH_SUFFIXES = (".glb", ".gltf", ".obj", ".ply", ".off", ".stl")
MESH_OUT_SUFFIXES = (".glb", ".obj", ".ply", ".off", ".stl")


class Refusal(Exception):
    """A wrong flag or word; exit code 2."""


class UnusableFile(Exception):
    """A file or folder that cannot be used; exit code 3. Its text is one line: file, reason."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


def is_bad_input(error: BaseException) -> bool:
    """Whether an error is about a file: ours, or the readers' `BadInput` (if they were imported at all)."""
    errors = sys.modules.get("maquette.io.errors")
    return isinstance(error, UnusableFile) or (errors is not None and isinstance(error, errors.BadInput))


def need_file(path: Path) -> None:
    """Refuse a file that is missing, empty, a folder, or cannot be read."""
    if path.is_dir():
        raise UnusableFile(path, "is a folder, not a file")
    try:
        with open(path, "rb") as file:
            empty = not file.read(1)
    except (OSError, ValueError) as error:
        raise UnusableFile(path, getattr(error, "strerror", None) or str(error)) from error
    if empty:
        raise UnusableFile(path, "the file is empty")


def need_camera_folder(path: Path) -> Path:
    """Refuse a folder without `cameras.json`, and give the file's path."""
    file = path / "cameras.json"
    if not file.is_file():
        raise UnusableFile(path, "is a folder without cameras.json")
    need_file(file)
    return file


def need_place(path: Path, suffixes: tuple[str, ...] = ()) -> None:
    """Refuse an output path that could not be written: its folder is missing or closed, or it is a folder.

    Args:
        path: the file (with one of `suffixes`) or folder to be written.
        suffixes: that a file may have; none for a folder.
    """
    if suffixes and path.suffix.lower() not in suffixes:
        raise UnusableFile(path, f"the name of the output must end in {', '.join(suffixes)}")
    if suffixes and path.is_dir():
        raise UnusableFile(path, "is a folder; the output is a file")
    parent = Path(os.path.realpath(path)).parent
    if not parent.is_dir():
        raise UnusableFile(path, f"cannot be written: there is no folder {parent}")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UnusableFile(path, f"cannot be written: no permission to write in {parent}")


def need_surface(path: Path, mesh: "Meshes") -> None:
    """Refuse a mesh that was read but has no extent, or faces without any area."""
    verts = mesh.verts_packed()
    if not bool((verts.max(dim=0).values > verts.min(dim=0).values).any()):
        raise UnusableFile(path, "all vertices are in one place")
    corners = verts.double()[mesh.faces_packed()]
    sides = corners[:, 1:] - corners[:, :1]
    if not bool((sides[:, 0].cross(sides[:, 1], dim=1) != 0).any()):
        raise UnusableFile(path, "all faces are lines or points: they have no area")
