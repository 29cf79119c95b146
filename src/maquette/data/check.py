"""What is in a folder of data or a packed file, what is missing, and what is broken."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np

from ..io.binvox_parse import parse_binvox
from ..io.errors import BadInput, ParseError, as_bad_input
from ..io.files import read_file
from ..io.image_files import decode_image, image_size
from ..io.mesh_read import read_mesh
from ..structures.shape import SPLITS
from .batch import Entry
from .layouts import look
from .manifest import NAME, read_manifest, verify_manifest
from .pack_file import read_pack
from .pix3d_voxels import read_voxel_points
from .problems import Problem
from .recognise import recognise
from .walk import MESH_SUFFIXES

Depth = Literal["names", "headers", "all"]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Report:
    """What a check found.

    Attributes:
        layout: name of the data set in the catalogue, or "pack".
        usable: objects or pictures with which nothing is wrong.
        problems: what is missing or broken.
        notes: what else a person should know.
    """

    layout: str
    usable: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    def counts(self) -> dict[str, dict[str, int]]:
        """Usable entries by category, then split."""
        found = Counter((entry.category, entry.split) for entry in self.usable)
        categories = sorted({category for category, _ in found})
        return {category: {split: found[category, split] for split in SPLITS} for category in categories}


def check_data(
    root: str | PathLike[str], depth: Depth = "headers", progress: Progress | None = None
) -> Report:
    """Say which known layout a folder has, and what is wrong with its files; or what is in a packed file.

    Tables, metadata and the voxels of R2N2 are read in any case.

    Args:
        root: the folder, or a file that `data pack` or `data prepare` wrote.
        depth: "names": no other file is opened. "headers": all meshes and voxels are read, and the headers of all
            pictures; `SHA256SUMS` is verified where it is there. "all": pictures are decoded too.
        progress: told (done, total, id) after every entry.

    Raises:
        BadInput: an unknown layout, a malformed table, or nothing that can be used.
    """
    root = Path(root)
    if root.is_file():
        return Report("pack", read_pack(root).entries, (), ())
    found = look(root, recognise(root))
    problems, notes, usable = list(found.problems), list(found.notes), list(found.entries)
    if depth != "names":
        if (root / NAME).is_file():
            changed = verify_manifest(root)
            problems += changed
            notes.append(f"{len(read_manifest(root)) - len(changed)} files are as {NAME} says")
        usable = _opened(found.entries, found.files, partial(_problem, root, depth), problems, progress)
    if not usable:
        first = f"{problems[0].path}: {problems[0].reason}"
        raise BadInput(root, f"has nothing that can be used; {len(problems)} problems, first {first}")
    return Report(found.layout, tuple(usable), tuple(problems), tuple(notes))


def _opened(
    entries: tuple[Entry, ...],
    files: Callable[[int], tuple[Path, ...]],
    problem_of: Callable[[Path], Problem | None],
    problems: list[Problem],
    progress: Progress | None,
) -> list[Entry]:
    """Entries whose files can all be opened; each file is opened once, and said once to be broken."""
    broken: dict[Path, bool] = {}
    usable = []
    for index, entry in enumerate(entries):
        paths = files(index)
        for path in paths:
            if path not in broken:
                problem = problem_of(path)
                broken[path] = problem is not None
                if problem is not None:
                    problems.append(problem)
        if not any(broken[path] for path in paths):
            usable.append(entry)
        if progress is not None:
            progress(index + 1, len(entries), entry.id)
    return usable


def _problem(root: Path, depth: Depth, path: Path) -> Problem | None:
    try:
        _open(path, depth, root)
    except BadInput as error:
        return Problem.of(error)
    return None


def _open(path: Path, depth: Depth, root: Path) -> None:
    suffix = path.suffix.lower()
    if suffix in MESH_SUFFIXES:
        verts = read_mesh(path, root).verts
        if not np.ptp(verts, axis=0).any():
            raise BadInput(path, "the mesh has no extent")
    elif suffix == ".binvox":
        parse_binvox(path)
    elif suffix == ".mat":
        read_voxel_points(path)
    elif depth == "all":
        with as_bad_input(path, ParseError):
            decode_image(read_file(path))
    else:
        image_size(path)
        if suffix == ".png" and b"IEND" not in read_file(path):
            raise BadInput(path, "the picture is cut off")
