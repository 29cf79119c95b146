"""3D-FUTURE (Fu et al., 2020): furniture.

    <root>/model_info.json                   a list: model_id, super-category, category, style, ...
    <root>/<id>/raw_model.obj                in metres
    <root>/<id>/normalized_model.obj         around the origin
    <root>/<id>/{model.mtl, texture.png, image.jpg}

Up is +Y and the front +Z. Lists of ids in `train.txt`, `val.txt` and `test.txt` give the split where they are there;
the data set itself has none for its shapes.
"""

from os import PathLike
from pathlib import Path
from typing import Any

from ..io.errors import BadInput, ParseError, as_bad_input
from ..io.files import read_file
from ..io.json_file import read_json
from ..structures.shape import SPLITS
from .batch import Entry
from .mesh_set import MeshSet
from .problems import Problem
from .recognise import FUTURE3D_TABLE
from .splits import split_of

MESHES = ("normalized_model.obj", "raw_model.obj")


def read_future3d(root: str | PathLike[str]) -> MeshSet:
    """List the meshes; none is opened.

    The category is the super-category in lower case. Models without a mesh are left out and named. With lists of ids
    only the models that they name are read; without, a hash of the id decides on the split.

    Raises:
        BadInput: no or malformed `model_info.json`, a model in two lists, or no mesh.
    """
    root = Path(root)
    rows = _read_info(root / FUTURE3D_TABLE)
    lists = _read_lists(root)
    files, entries, problems = [], [], []
    for id, category in rows.items():
        if lists is not None and id not in lists:
            continue
        file = next((root / id / name for name in MESHES if (root / id / name).is_file()), None)
        if file is None:
            problems.append(Problem(str(root / id), f"has neither {' nor '.join(MESHES)}"))
            continue
        split = split_of(id) if lists is None else lists[id]
        files.append(file)
        entries.append(Entry(id, category, split, source="3D-FUTURE"))
    if not files:
        raise BadInput(root, f"has none of the {len(rows)} models of {FUTURE3D_TABLE}")
    return MeshSet("3D-FUTURE", root, tuple(files), tuple(entries), problems=tuple(problems))


def _read_info(path: Path) -> dict[str, str]:
    """Categories by id."""
    rows = read_json(path, list)
    with as_bad_input(path, ParseError):
        return dict(_info(row, f"model {i}") for i, row in enumerate(rows))


def _info(row: Any, place: str) -> tuple[str, str]:
    id = row.get("model_id") if isinstance(row, dict) else None
    if not isinstance(id, str) or id in ("", "..") or id != Path(id).name:
        raise ParseError("has no model_id", place)
    category = row.get("super-category")
    return id, category.lower() if isinstance(category, str) else ""


def _read_lists(root: Path) -> dict[str, str] | None:
    """Splits by id, where there are lists."""
    lists: dict[str, str] = {}
    paths = {split: root / f"{split}.txt" for split in SPLITS if (root / f"{split}.txt").is_file()}
    for split, path in paths.items():
        with as_bad_input(path, ValueError):
            ids = read_file(path).decode().split()
        for id in ids:
            if lists.setdefault(id, split) != split:
                raise BadInput(path, f"{id} is in {lists[id]}.txt too")
    return lists if paths else None
