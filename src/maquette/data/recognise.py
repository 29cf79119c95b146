"""Which known layout a folder has, by the files that only that layout has. Without torch."""

import re
from collections.abc import Callable
from pathlib import Path

from ..io.errors import BadInput
from ..io.image_files import PICTURE_SUFFIXES
from ..io.pix3d_records import PIX3D_TABLE
from .r2n2_files import PICTURES, VOXELS
from .splits import SHARES
from .walk import MESH_SUFFIXES, folders_in, names_below

FUTURE3D_TABLE = "model_info.json"
CELEBA_TABLE = "list_eval_partition.txt"
CELEBA_WILD, CELEBA_ALIGNED = "img_celeba", "img_align_celeba"
SYNFACE_IMAGE, SYNFACE_DEPTH = "image", "depth"
SHAPENET_MESHES = "ShapeNetCore.v1"
FAMILIES = "families"
FACES = "faces"
GROUNDS = "grounds"
READ_AS_THEY_ARE = {"r2n2", "pictures", "celeba", "synface", "pix3d"}  # layouts whose pictures training reads
PIX3D_LISTS = ("s1", "s2")  # of Mesh R-CNN: random pictures held out, or models
SPLIT_WORDS = ("sorted", *PIX3D_LISTS)  # splits that are no file
_DEFAULT_FAMILIES = 1300
_DEFAULT_FACES = 20_000
_DEFAULT_GROUNDS, _MOST_GROUNDS = 400, 10_000
_MOST = 1_000_000
_SYNSET_DIGITS = 8


def recognise(root: Path) -> str:
    """Name of the layout in the catalogue.

    Raises:
        BadInput: no folder, or none that is known.
    """
    if not root.is_dir():
        raise BadInput(root, "is not a folder" if root.exists() else "there is no such folder")
    for name, fits in _SIGNS.items():
        if fits(root):
            return name
    raise BadInput(root, f"is no layout that is known ({', '.join(_SIGNS)}); `maquette data list` shows them")


def count_of_families(shapes: str) -> int | None:
    """N of "families" or "families:N", shapes of the built-in families; None for anything else.

    Raises:
        ValueError: none, or too many.
    """
    return _count_of(FAMILIES, shapes, _DEFAULT_FAMILIES, "shapes")


def count_of_faces(shapes: str) -> int | None:
    """N of "faces" or "faces:N", the people of `data.faces`; None for anything else.

    Raises:
        ValueError: none, or too many.
    """
    return _count_of(FACES, shapes, _DEFAULT_FACES, "people")


def count_of_grounds(photos: str) -> int | None:
    """N of "grounds" or "grounds:N", pictures of `data.drawn_grounds`; None for anything else.

    Raises:
        ValueError: none, or too many.
    """
    return _count_of(GROUNDS, photos, _DEFAULT_GROUNDS, "pictures", _MOST_GROUNDS)


def _count_of(word: str, said: str, default: int, what: str, most: int = _MOST) -> int | None:
    match = re.fullmatch(rf"{word}(?::(\d+))?", said)
    if match is None:
        return None
    count = int(match[1] or default)
    if not 1 <= count <= most:
        raise ValueError(f"{said}: use 1 to {most} {what}")
    return count


def need_meshes(root: Path, layout: str) -> None:
    """Refuse a folder whose layout has no meshes that could be packed."""
    if layout == "r2n2" and (root / SHAPENET_MESHES).is_dir():
        return
    if layout in ("r2n2", "celeba", "synface", "pictures"):
        how = "is read as it is (`--data`)" if layout == "r2n2" else "has no meshes"
        raise BadInput(root, f"is of the layout {layout}, which {how}; there is nothing to prepare")


def shapenet_meshes(root: Path) -> Path:
    """The folder of ShapeNetCore's synsets: `ShapeNetCore.v1` below a folder, or the folder itself."""
    return root / SHAPENET_MESHES if (root / SHAPENET_MESHES).is_dir() else root


def shapenet_synsets(root: Path) -> list[str]:
    """Folders of `shapenet_meshes` whose names are synsets: eight digits."""
    folder = shapenet_meshes(root)
    if not folder.is_dir():
        return []
    return [name for name in folders_in(folder) if name.isdigit() and len(name) == _SYNSET_DIGITS]


def _is_r2n2(root: Path) -> bool:
    return (root / PICTURES).is_dir() or (root / VOXELS).is_dir()


def _is_celeba(root: Path) -> bool:
    return (root / CELEBA_TABLE).is_file() or any((root / n).is_dir() for n in (CELEBA_WILD, CELEBA_ALIGNED))


def _is_synface(root: Path) -> bool:
    folders = [(root / split / SYNFACE_IMAGE, root / split / SYNFACE_DEPTH) for split, _ in SHARES]
    return any(image.is_dir() and depth.is_dir() for image, depth in folders)


def _is_shapenet(root: Path) -> bool:
    folders = (shapenet_meshes(root) / synset for synset in shapenet_synsets(root))
    return any(next(folder.glob("*/model.obj"), None) is not None for folder in folders)


_SIGNS: dict[str, Callable[[Path], bool]] = {
    "r2n2": _is_r2n2,
    "pix3d": lambda root: (root / PIX3D_TABLE).is_file(),
    "3d-future": lambda root: (root / FUTURE3D_TABLE).is_file(),
    "celeba": _is_celeba,
    "synface": _is_synface,
    "shapenetcore": _is_shapenet,
    "meshes": lambda root: next(names_below(root, MESH_SUFFIXES), None) is not None,
    "pictures": lambda root: next(names_below(root, PICTURE_SUFFIXES), None) is not None,
}
