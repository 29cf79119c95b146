"""What a folder of a known layout says is in it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .batch import Entry
from .celeba import read_celeba
from .future3d import read_future3d
from .mesh_folder import find_table, read_mesh_folder, read_table
from .picture_folder import read_picture_folder
from .pix3d import read_pix3d
from .problems import Problem
from .r2n2 import read_r2n2
from .r2n2_files import PUBLISHED, list_models
from .shapenet import VOXELS as SOLID
from .shapenet import read_shapenet
from .synface import read_synface
from .walk import MESH_SUFFIXES, names_below


@dataclass(frozen=True)
class LayoutContent:
    """What a folder's tables and names say is in it; its files may still be broken.

    Attributes:
        layout: name of the data set in the catalogue.
        entries: objects or pictures.
        files: of the entry at a position, those that have not been opened.
        problems: what is left out, and why.
        notes: what else a person should know.
    """

    layout: str
    entries: tuple[Entry, ...]
    files: Callable[[int], tuple[Path, ...]]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def look(root: Path, layout: str) -> LayoutContent:
    """What is in a folder of a known layout; opens tables and what readers need, but no picture and no mesh.

    Raises:
        BadInput: what the layout's reader refuses.
    """
    return _LOOKS[layout](root)


def _of_meshes(root: Path) -> LayoutContent:
    meshes = read_mesh_folder(root)
    files, entries = tuple(mesh.path for mesh in meshes), tuple(mesh.entry for mesh in meshes)
    table = find_table(root)
    if table is None:
        return LayoutContent("meshes", entries, lambda i: (files[i],))
    listed, there = set(read_table(table)), set(names_below(root, MESH_SUFFIXES))
    missing = tuple(
        Problem(str(root / name), f"is missing, but {table.name} lists it") for name in sorted(listed - there)
    )
    others = len(there - listed)
    notes = (f"{others} meshes are not in {table.name} and are left out",) if others else ()
    return LayoutContent("meshes", entries, lambda i: (files[i],), missing, notes)


def _of_pictures(root: Path) -> LayoutContent:
    pictures = read_picture_folder(root)
    files = tuple(tuple(file for file in (p.image, p.mask) if file is not None) for p in pictures)
    masked = sum(p.mask is not None for p in pictures)
    return LayoutContent(
        "pictures", tuple(p.entry for p in pictures), files.__getitem__, notes=(f"{masked} have a mask",)
    )


def _of_r2n2(root: Path) -> LayoutContent:
    data = read_r2n2(root)

    def files(index: int) -> tuple[Path, ...]:
        return tuple(data.picture_file(index, view) for view in range(data.view_count(index)))

    counts = {synset: len(names) for synset, names in list_models(root).items()}
    return LayoutContent("r2n2", data.entries, files, data.problems, _of_published(counts))


def _of_published(counts: dict[str, int]) -> tuple[str, ...]:
    """How much of the published data is there, when any of it is."""
    known = [
        f"{count:,} of {PUBLISHED[s][1]:,} {PUBLISHED[s][0]}" for s, count in counts.items() if s in PUBLISHED
    ]
    absent = [word for synset, (word, _) in PUBLISHED.items() if synset not in counts]
    if not known:
        return ()
    there = f"of the published objects there are {', '.join(known)}"
    return (there, f"categories that are not there: {', '.join(absent)}") if absent else (there,)


def _of_shapenet(root: Path) -> LayoutContent:
    data = read_shapenet(root)
    solids = [root / SOLID / entry.id / "model.presolid.binvox" for entry in data.entries]
    files = tuple(
        (mesh, solid) if solid.is_file() else (mesh,) for mesh, solid in zip(data.files, solids, strict=True)
    )
    count = sum(len(both) == 2 for both in files)
    return LayoutContent(
        "shapenetcore", data.entries, files.__getitem__, data.problems, (f"{count} have solid voxels",)
    )


def _of_pix3d(root: Path) -> LayoutContent:
    data = read_pix3d(root)
    voxels = [root / r.voxel for r in data.records]
    files = tuple(
        (root / r.image, root / r.mask, root / r.model, *([solid] if solid.is_file() else []))
        for r, solid in zip(data.records, voxels, strict=True)
    )
    lists = [name for name in ("s1", "s2") if (root / f"pix3d_{name}_train.json").is_file()]
    notes = (
        f"{len(data.models)} meshes",
        f"lists of Mesh R-CNN: {', '.join(lists) or 'none'}",
        f"{sum(len(own) == 4 for own in files)} pictures of meshes with voxels",
    )
    return LayoutContent("pix3d", data.entries, files.__getitem__, data.problems, notes)


def _of_future3d(root: Path) -> LayoutContent:
    data = read_future3d(root)
    return LayoutContent("3d-future", data.entries, lambda i: (data.files[i],), data.problems)


def _of_celeba(root: Path) -> LayoutContent:
    data = read_celeba(root)
    boxes = sum(face.box is not None for face in data.faces)
    entries = tuple(face.entry for face in data.faces)
    return LayoutContent(
        "celeba", entries, lambda i: (data.faces[i].image,), data.problems, (f"{boxes} have a crop box",)
    )


def _of_synface(root: Path) -> LayoutContent:
    data = read_synface(root)
    files = tuple((picture.image, picture.depth) for picture in data.pictures)
    entries = tuple(picture.entry for picture in data.pictures)
    return LayoutContent("synface", entries, files.__getitem__, data.problems)


_LOOKS: dict[str, Callable[[Path], LayoutContent]] = {
    "r2n2": _of_r2n2,
    "pix3d": _of_pix3d,
    "3d-future": _of_future3d,
    "celeba": _of_celeba,
    "synface": _of_synface,
    "shapenetcore": _of_shapenet,
    "meshes": _of_meshes,
    "pictures": _of_pictures,
}
