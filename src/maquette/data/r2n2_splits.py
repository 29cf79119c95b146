"""The three ways in which ShapeNet R2N2 is split in the literature.

- 3D-R2N2 (Choy et al.): in every category the first 80 % of the sorted names train, the rest tests.
- Pix2Vox (Xie et al., `ShapeNet.json`): 70, 10 and 20 % at random:
  `[{"taxonomy_id", "taxonomy_name", "train": [...], "val": [...], "test": [...]}, ...]`.
- Mesh R-CNN (Gkioxari et al., `pix2mesh_splits_val05.json`): `{split: {synset: {model: [views]}}}`; views of a few
  objects are in more than one split.
"""

from os import PathLike
from pathlib import Path
from typing import Any

from ..io.errors import ParseError, as_bad_input
from ..io.json_file import read_json
from ..structures.shape import SPLITS

Views = tuple[int, ...] | None  # those of the split, None for all
Split = dict[tuple[str, str], dict[str, Views]]
SPLIT_FILE = "ShapeNet.json"
_TRAIN_PERCENT = 80


def sorted_split(models: dict[str, list[str]]) -> Split:
    """Split of 3D-R2N2.

    Args:
        models: all names of each category, broken ones too: leaving them out moves the border.
    """
    split: Split = {}
    for synset, names in models.items():
        border = len(names) * _TRAIN_PERCENT // 100
        for place, name in enumerate(sorted(names)):
            split[synset, name] = {"train" if place < border else "test": None}
    return split


def split_of_folder(
    root: Path, split: str | PathLike[str] | None, models: dict[str, list[str]]
) -> tuple[Split, Path | None]:
    """The split that was asked for, and the file that it is from.

    Args:
        root: folder of the data set.
        split: a split file, or "sorted"; `ShapeNet.json` in the folder where it is there, else sorted, when None.
        models: as for `sorted_split`.

    Raises:
        BadInput: as `read_split`.
    """
    if split is None and (root / SPLIT_FILE).is_file():
        split = root / SPLIT_FILE
    if split is None or split == "sorted":
        return sorted_split(models), None
    return read_split(split), Path(split)


def read_split(path: str | PathLike[str]) -> Split:
    """Split of a file in the form of Pix2Vox or of Mesh R-CNN.

    Raises:
        BadInput: missing, not JSON, of neither form, or an object that the first form has in two splits.
    """
    content = read_json(path, object)
    with as_bad_input(path, ParseError):
        if isinstance(content, list):
            return _of_lists(content)
        if isinstance(content, dict) and content and set(content) <= set(SPLITS):
            return _of_views(content)
        raise ParseError("neither Pix2Vox's list of categories nor Mesh R-CNN's table of splits")


def _of_lists(categories: list[Any]) -> Split:
    split: Split = {}
    for number, category in enumerate(categories):
        place = f"category {number}"
        if not isinstance(category, dict) or not isinstance(category.get("taxonomy_id"), str):
            raise ParseError("has no taxonomy_id", place)
        synset = category["taxonomy_id"]
        for word in SPLITS:
            names = category.get(word, [])
            if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
                raise ParseError(f"{word} is not a list of names", place)
            for name in names:
                if (synset, name) in split:
                    raise ParseError(f"{synset}/{name} is listed twice", place)
                split[synset, name] = {word: None}
    return split


def _of_views(splits: dict[str, Any]) -> Split:
    split: Split = {}
    for word in SPLITS:
        for synset, models in _items(splits.get(word, {}), word):
            for name, views in _items(models, f"{word}/{synset}"):
                if not isinstance(views, list) or not all(type(view) is int and view >= 0 for view in views):
                    raise ParseError("not a list of views", f"{word}/{synset}/{name}")
                if views:
                    split.setdefault((synset, name), {})[word] = tuple(views)
    return split


def _items(table: Any, place: str) -> list[tuple[str, Any]]:
    if not isinstance(table, dict):
        raise ParseError("not a table", place)
    return list(table.items())
