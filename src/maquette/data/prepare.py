"""Known data sets of meshes as one packed file of shapes, in the object frame, that training draws pictures of."""

from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path
from typing import get_args

from ..io.errors import BadInput
from ..structures.shape import Shape
from .catalogue import DATA_SETS
from .future3d import read_future3d
from .mesh_set import MeshSet
from .pack import Packed, pack_meshes, pack_shapes
from .pack_data import SIDE
from .pix3d import Protocol, read_pix3d
from .problems import Problem
from .recognise import need_meshes, recognise
from .shapenet import read_shapenet

Progress = Callable[[int, int, str], None]


def prepare(
    root: str | PathLike[str],
    split: str | None = None,
    progress: Progress | None = None,
    side: int = SIDE,
) -> Packed:
    """Read all meshes of a folder in a known layout, turn their front to +Z, and pack them.

    Meshes that are missing or broken are skipped and named.

    Args:
        root: the folder: ShapeNetCore.v1, Pix3D, 3D-FUTURE, or a folder of meshes.
        split: "s1" or "s2" for Pix3D, a split file or "sorted" for ShapeNetCore; the layout's own when None.
        progress: told (done, total, id) after every mesh.
        side: cells of the solid voxels along each axis.

    Raises:
        BadInput: an unknown layout, one without meshes, a split that the layout does not have, or no mesh that can be
            used.
    """
    root = Path(root)
    layout = recognise(root)
    need_meshes(root, layout)
    if layout == "meshes":
        _need_no_split(root, split)
        return pack_meshes([root], progress, side)
    data = _meshes(root, layout, split)
    skipped = list(data.problems)
    known_as = "shapenetcore" if layout == "r2n2" else layout
    licence = next(known.licence for known in DATA_SETS if known.name == known_as)
    try:
        pack = pack_shapes(_shapes(data, skipped, progress), data.name, licence, side=side)
    except ValueError as error:
        first = f"; {skipped[0].path}: {skipped[0].reason}" if skipped else f": {error}"
        raise BadInput(root, f"none of {len(data)} meshes can be packed{first}") from error
    return Packed(pack, tuple(skipped))


def _meshes(root: Path, layout: str, split: str | None) -> MeshSet:
    if layout in ("shapenetcore", "r2n2"):
        return read_shapenet(root, split)
    if layout == "pix3d":
        protocol = next((name for name in get_args(Protocol) if name == split), None)
        if protocol is None:
            _need_no_split(root, split)
        return read_pix3d(root, protocol).models
    _need_no_split(root, split)
    return read_future3d(root)


def _need_no_split(root: Path, split: str | None) -> None:
    if split is not None:
        raise BadInput(root, f"this layout has no split {split!r}")


def _shapes(data: MeshSet, skipped: list[Problem], progress: Progress | None) -> Iterator[Shape]:
    for index, entry in enumerate(data.entries):
        try:
            yield data.shape(index)
        except BadInput as error:
            skipped.append(Problem.of(error))
        if progress is not None:
            progress(index + 1, len(data), entry.id)
