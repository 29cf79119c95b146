"""A folder of meshes: sub-folders are categories; a table beside them may say more.

`MANIFEST.csv` (or `manifest.csv`) in the folder has a column `file`, and any of `category`, `split`, `family`,
`source`, `licence`, `up` and `front`. Trees of the kind of ShapeNetCore, where every object is a folder with one
`model.obj`, are folders of meshes too.
"""

import csv
from collections import Counter
from collections.abc import Collection, Mapping
from io import StringIO
from os import PathLike
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ..io.errors import BadInput, ParseError, as_bad_input
from ..io.files import read_file
from ..structures.shape import SPLITS
from .batch import Entry
from .mesh_axes import OBJECT_AXES, MeshAxes, parse_axes
from .splits import split_of
from .walk import MESH_SUFFIXES, names_below, utf8_name

MANIFESTS = ("MANIFEST.csv", "manifest.csv")
_ALONE = ("model", "model_normalized")
_BETWEEN = "models"


class FolderMesh(NamedTuple):
    """A mesh of a folder that has not been opened.

    Attributes:
        path: its file.
        entry: what is known of it.
        licence: the table's; "" where it has none.
        axes: where up and the front are in the file.
        root: the folder.
    """

    path: Path
    entry: Entry
    licence: str
    axes: MeshAxes
    root: Path


def read_mesh_folder(
    path: str | PathLike[str], axes: MeshAxes = OBJECT_AXES, turned: Mapping[str, MeshAxes] | None = None
) -> list[FolderMesh]:
    """The meshes of a folder and what is known of each, in order of their ids; no mesh is opened.

    The id is the path below the folder without its suffix ("chair/oak"); that of a file called `model` or
    `models/model_normalized` is its folder's. The category is the first folder of the id. The split is the table's
    or that which it gives to another object of the family, or follows from a hash of the family, and without one
    of the id (`split_of`). With a table only the meshes that it names, and that are there, are read.

    Args:
        path: the folder.
        axes: of meshes whose axes the table does not tell.
        turned: axes of meshes by their path below the folder (`read_turned`); they go before the table's.

    Raises:
        BadInput: no folder, one that cannot be read, a name that is not text, a malformed table, or no mesh.
    """
    root = Path(path)
    if not root.is_dir():
        raise BadInput(root, "is not a folder" if root.exists() else "there is no such folder")
    table = find_table(root)
    names = list(names_below(root, MESH_SUFFIXES))
    rows: dict[str, dict[str, str]] = {name: {} for name in names}
    if table is not None:
        listed = read_table(table)
        splits = {row.get("family", ""): row["split"] for row in listed.values() if row.get("split")}
        rows = {name: _with_split(listed[name], splits) for name in names if name in listed}
    if not rows:
        known = ", ".join(MESH_SUFFIXES)
        raise BadInput(
            root, f"no mesh of the table is there ({table})" if table else f"no mesh in it ({known})"
        )
    ids = _ids(rows)
    found = [
        FolderMesh(
            root / name,
            _entry(ids[name], _stem(name), row),
            row.get("licence", ""),
            (turned or {}).get(name) or _axes(row) or axes,
            root,
        )
        for name, row in rows.items()
    ]
    return sorted(found, key=lambda mesh: mesh.entry.id)


def lone_mesh(path: Path, axes: MeshAxes = OBJECT_AXES) -> FolderMesh:
    """A mesh file by itself, as a folder with nothing else would have it; its id is its name without suffix.

    Raises:
        BadInput: a name that is not text.
    """
    stem = _stem(utf8_name(path.name, path.parent))
    return FolderMesh(path, _entry(stem, stem, {}), "", axes, path.parent)


def read_turned(path: Path) -> dict[str, MeshAxes]:
    """Axes of meshes that stand another way than a set's others, by their path in its folder.

    Args:
        path: a table with columns `file`, `up` and `front`.

    Raises:
        BadInput: as `read_table`, or a row without axes.
    """
    turned = {name: _axes(row) for name, row in read_table(path).items()}
    for name, axes in turned.items():
        if axes is None:
            raise BadInput(path, f"up and front of {name} are missing")
    return {name: axes for name, axes in turned.items() if axes is not None}


def find_table(root: Path) -> Path | None:
    """The folder's table, if it has one."""
    return next((root / name for name in MANIFESTS if (root / name).is_file()), None)


def read_table(path: Path) -> dict[str, dict[str, str]]:
    """Rows of a table by the path in their column `file`.

    Raises:
        BadInput: no text, no column `file`, a path that is listed twice or leads out of the folder, a split that is
            none of train, val and test, a family in two of them, or axes that are none.
    """
    data = read_file(path)
    with as_bad_input(path, ParseError, ValueError, csv.Error):
        lines = csv.DictReader(StringIO(data.decode("utf-8-sig"), newline=""))
        if "file" not in (lines.fieldnames or ()):
            raise ParseError("has no column 'file'", "line 1")
        rows: dict[str, dict[str, str]] = {}
        splits: dict[str, str] = {}
        for row in lines:
            place = f"line {lines.line_num}"
            name = _checked(row, rows, place)
            rows[name] = {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
            try:
                _axes(rows[name])
            except ValueError as error:
                raise ParseError(str(error), place) from error
            family, split = (rows[name].get(key, "") for key in ("family", "split"))
            if family and split and splits.setdefault(family, split) != split:
                raise ParseError(f"family {family!r} is in {splits[family]} and in {split}", place)
    return rows


def _checked(row: dict[str | None, Any], rows: Collection[str], place: str) -> str:
    file = PurePosixPath((row["file"] or "").strip())
    if file.is_absolute() or ".." in file.parts or not file.name:
        raise ParseError(f"file {str(file)!r} is not a path within the folder", place)
    if str(file) in rows:
        raise ParseError(f"{file} is listed twice", place)
    if (row.get("split") or "").strip() not in ("", *SPLITS):
        raise ParseError(f"split {row['split']!r} is none of {', '.join(SPLITS)}", place)
    return str(file)


def _with_split(row: dict[str, str], splits: dict[str, str]) -> dict[str, str]:
    """A row with the split of its family where it has none of its own."""
    family = row.get("family", "")
    return {**row, "split": splits.get(family, "")} if family and not row.get("split") else row


def _stem(name: str) -> str:
    """The path of an object without its suffix, or that of its folder where it is alone there."""
    path = PurePosixPath(name)
    if path.stem not in _ALONE or len(path.parts) == 1:
        return str(path.with_suffix(""))
    inner = path.parent.name == _BETWEEN and len(path.parts) > 2
    return str(path.parent.parent if inner else path.parent)


def _ids(names: Collection[str]) -> dict[str, str]:
    """Ids of the files: without their suffix where no other file has the same."""
    counts = Counter(map(_stem, names))
    return {name: _stem(name) if counts[_stem(name)] == 1 else name for name in names}


def _entry(id: str, stem: str, row: dict[str, str]) -> Entry:
    parts = PurePosixPath(id).parts
    family = row.get("family", "") or ("" if id == stem else stem)
    return Entry(
        id=id,
        category=row.get("category", "") or (parts[0] if len(parts) > 1 else ""),
        split=row.get("split", "") or split_of(family or id),
        family=family,
        source=row.get("source", ""),
    )


def _axes(row: dict[str, str]) -> MeshAxes | None:
    """Axes that a row tells; None without any.

    Raises:
        ValueError: one without the other, or axes that are none.
    """
    up, front = row.get("up", ""), row.get("front", "")
    if bool(up) != bool(front):
        raise ValueError("up and front are told together")
    return parse_axes(up, front) if up else None
