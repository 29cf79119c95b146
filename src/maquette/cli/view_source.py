"""Where pictures with shapes come from: the options of it, checked before torch is imported, and opened."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from ..io.errors import BadInput
from .console import Console
from .refusals import Refusal

if TYPE_CHECKING:
    from ..data.batch import ViewSource
    from ..data.pack import ShapePack
    from ..data.problems import Problem
    from ..data.views_config import ViewsConfig

FAMILIES = "families"
_DEFAULT_FAMILIES = 1300
_MOST_FAMILIES = 1_000_000
_LAYOUT = "ShapeNetRendering"


@dataclass(frozen=True, kw_only=True)
class ShapesOrData:
    """Shapes that are drawn on the fly, or pictures on disk."""

    shapes: Annotated[str | None, tyro.conf.arg(metavar="DIR|PACK|families[:N]")] = None
    """Shapes to draw: a folder of meshes, a file of `data pack`, or N shapes of the built-in families."""
    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR")] = None
    """Pictures and voxels on disk, in the layout of ShapeNet R2N2."""
    split_file: Annotated[str | None, tyro.conf.arg(metavar="FILE|sorted")] = None
    """Split of --data: ShapeNet.json of Pix2Vox, Mesh R-CNN's file, or the sorted 80/20 of 3D-R2N2; the
    folder's own ShapeNet.json where it is there, else sorted, when not given."""


@dataclass(frozen=True)
class Opened:
    """A source of pictures, what to call it, and what had to be left out."""

    source: "ViewSource"
    name: str
    kind: str
    problems: tuple["Problem", ...]


def need_source(options: ShapesOrData) -> None:
    """Refuse none or both of --shapes and --data, and paths that cannot be what they should be."""
    if (options.shapes is None) == (options.data is None):
        raise Refusal("one of --shapes and --data is needed")
    if options.split_file is not None and options.data is None:
        raise Refusal("--split-file: goes with --data; shapes have their splits in MANIFEST.csv or the pack")
    if options.split_file not in (None, "sorted") and not Path(str(options.split_file)).is_file():
        raise BadInput(str(options.split_file), "no such file")
    shapes = options.shapes
    if shapes is not None and count_of_families(shapes) is None and not Path(shapes).exists():
        raise BadInput(shapes, "no such folder or file")
    if options.data is not None and not (options.data / _LAYOUT).is_dir():
        what = f"is not in the layout of ShapeNet R2N2: it has no folder {_LAYOUT}"
        raise BadInput(options.data, what if options.data.is_dir() else "no such folder")


def open_source(options: ShapesOrData, config: "ViewsConfig", console: Console, seed: int = 0) -> Opened:
    """Open what `need_source` let pass.

    Args:
        options: where the pictures come from.
        config: how they are taken and changed.
        console: shows how far the packing of a folder is.
        seed: of training samples, and of shapes of the families.

    Raises:
        BadInput: nothing usable in it.
    """
    if options.data is not None:
        from ..data.r2n2 import read_r2n2
        from ..data.stored_views import StoredViews

        dataset = read_r2n2(options.data, options.split_file)
        return Opened(StoredViews(dataset, config, seed), str(options.data), "stored", dataset.problems)
    from ..data.drawn_views import DrawnViews

    pack, problems = open_shapes(str(options.shapes), console, seed)
    return Opened(DrawnViews(pack, config, seed), str(options.shapes), "drawn", problems)


def open_shapes(shapes: str, console: Console, seed: int = 0) -> tuple["ShapePack", tuple["Problem", ...]]:
    """The shapes of --shapes as a pack, and the meshes that had to be left out."""
    from ..data.mesh_folder import read_mesh_folder
    from ..data.pack import pack_meshes, read_pack

    count = count_of_families(shapes)
    if count is not None:
        return pack_families(count, seed), ()
    path = Path(shapes)
    if not path.is_dir():
        return read_pack(path), ()
    with console.progress("packing", len(read_mesh_folder(path))) as advance:
        packed = pack_meshes([path], lambda done, total, id: advance(done, id))
    return packed.pack, packed.skipped


def pack_families(count: int, seed: int) -> "ShapePack":
    """Shapes of the built-in families, in turns."""
    from ..data import families
    from ..data.pack import pack_shapes

    return pack_shapes(families.shapes(count, seed), source=FAMILIES)


def count_of_families(shapes: str) -> int | None:
    """N of "families" or "families:N"; None for anything else."""
    match = re.fullmatch(rf"{FAMILIES}(?::(\d+))?", shapes)
    if match is None:
        return None
    count = int(match[1] or _DEFAULT_FAMILIES)
    if not 1 <= count <= _MOST_FAMILIES:
        raise Refusal(f"{shapes}: use 1 to {_MOST_FAMILIES} shapes")
    return count
