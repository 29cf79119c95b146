"""What a data set is to be made from: meshes of a folder, or shapes of the built-in families."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from os import PathLike

import torch

from ...io.errors import BadInput
from ...structures.shape import Shape
from .. import families
from ..batch import Entry
from ..mesh_axes import OBJECT_AXES, MeshAxes
from ..mesh_folder import FolderMesh, read_mesh_folder
from ..mesh_set import load_turned
from ..splits import split_of

_ODD = re.compile(r"[^\w.+-]+")
_NO_CATEGORY = "object"
_FAMILIES = "families"
_MOST_BYTES = 120  # of a name; file systems take 255, and marks are added
_FLAT = 1e-6  # of the longest extent


@dataclass(frozen=True)
class Job:
    """One object to be made.

    Attributes:
        entry: what is known of it.
        source: file or id that complaints name.
        category: name of its category's folder.
        model: name of its own folder, unique in the category.
        load: gives the shape; raises `BadInput` or `ValueError` where there is none.
    """

    entry: Entry
    source: str
    category: str
    model: str
    load: Callable[[], Shape]


def jobs_of_folder(path: str | PathLike[str], axes: MeshAxes = OBJECT_AXES) -> list[Job]:
    """Jobs for the meshes of a folder, as `read_mesh_folder` finds them and says which axes they have.

    Raises:
        BadInput: as `read_mesh_folder`.
    """
    found = read_mesh_folder(path, axes)
    names = _names(mesh.entry for mesh in found)
    return [
        Job(mesh.entry, str(mesh.path), *name, partial(_load, mesh))
        for mesh, name in zip(found, names, strict=True)
    ]


def jobs_of_families(count: int, seed: int = 0, names: Sequence[str] = families.NAMES) -> list[Job]:
    """Jobs for the shapes that `families.shapes(count, seed, names)` gives."""
    jobs = []
    for i in range(count):
        name, number = names[i % len(names)], seed + i // len(names)
        id = f"{name}-{number:06d}"
        entry = Entry(id, name, split_of(id), source=_FAMILIES)
        jobs.append(Job(entry, id, name, id, partial(families.make, name, number)))
    return jobs


def _load(mesh: FolderMesh) -> Shape:
    """A mesh in the object frame, if it can have a volume."""
    entry = mesh.entry
    loaded, origin = load_turned(mesh.path, mesh.axes, mesh.root)
    shape = Shape.from_mesh(entry.id, loaded, entry.category, entry.split, origin)
    assert shape.mesh is not None
    verts = shape.mesh.verts_packed()[shape.mesh.faces_packed().unique()].double()
    spread = torch.linalg.eigvalsh((verts - verts.mean(0)).T @ (verts - verts.mean(0)))
    if not spread[0] > _FLAT**2 * spread[2]:
        raise BadInput(mesh.path, "the mesh is flat: it has no volume")
    return shape


def _names(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """Names of the folders of category and object; what file systems may not like is replaced."""
    names = [(_clean(entry.category) or _NO_CATEGORY, _clean(_own(entry)), entry.id) for entry in entries]
    often = Counter((category.lower(), model.lower()) for category, model, _ in names)
    return [
        (category, model if often[category.lower(), model.lower()] == 1 else f"{model}-{_mark(id)}")
        for category, model, id in names
    ]


def _own(entry: Entry) -> str:
    return entry.id.removeprefix(f"{entry.category}/")


def _clean(name: str) -> str:
    return _ODD.sub("_", name).lstrip(".").encode()[:_MOST_BYTES].decode(errors="ignore")


def _mark(id: str) -> str:
    return hashlib.sha256(id.encode()).hexdigest()[:8]
