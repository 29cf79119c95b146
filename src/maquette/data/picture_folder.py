"""A folder of pictures, with masks where there are any: `<name>_mask.png` beside `<name>.<any>`."""

from os import PathLike
from pathlib import Path
from typing import NamedTuple

from ..io.errors import BadInput
from ..io.image_files import PICTURE_SUFFIXES
from .batch import Entry
from .splits import split_of
from .walk import names_below

MASK_END = "_mask"


class FolderPicture(NamedTuple):
    """A picture, its mask where there is one, and what is known of it."""

    image: Path
    mask: Path | None
    entry: Entry


def read_picture_folder(path: str | PathLike[str]) -> list[FolderPicture]:
    """The pictures of a folder and below, in order of their ids; none is opened.

    The id is the path below the folder with its suffix, the category its first folder, the split follows from a
    hash of the id.

    Raises:
        BadInput: no folder, or no picture in it.
    """
    root = Path(path)
    if not root.is_dir():
        raise BadInput(root, "is not a folder" if root.exists() else "there is no such folder")
    names = set(names_below(root, PICTURE_SUFFIXES))
    masks = {
        name for name in names if Path(name).stem.endswith(MASK_END) and Path(name).suffix.lower() == ".png"
    }
    stems = {_stem(name) for name in names - masks}
    masks = {name for name in masks if _stem(name).removesuffix(MASK_END) in stems}
    found = [_picture(root, name, masks) for name in sorted(names - masks)]
    if not found:
        raise BadInput(root, f"no picture in it ({', '.join(PICTURE_SUFFIXES)})")
    return found


def _stem(name: str) -> str:
    return str(Path(name).with_suffix(""))


def _picture(root: Path, name: str, masks: set[str]) -> FolderPicture:
    mask = f"{_stem(name)}{MASK_END}.png"
    parts = Path(name).parts
    entry = Entry(name, parts[0] if len(parts) > 1 else "", split_of(name))
    return FolderPicture(root / name, root / mask if mask in masks else None, entry)
