"""Meshes and solid cells of ShapeNetCore beside R2N2's pictures, a packed file an object, read when it is needed.

    ShapeNetShapes/<synset>/<model>.pack

A pack of all of ShapeNet would not fit into the memory of most machines, and a mesh's own file takes too long to read
for every training sample.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ..io.errors import BadInput
from .catalogue import DATA_SETS
from .mesh_set import MeshSet
from .pack import pack_shapes, write_pack
from .pack_data import ShapePack
from .pack_file import read_pack
from .problems import Problem
from .r2n2_files import PICTURES
from .shapenet import cells_in_cube, read_shapenet, solid_file
from .walk import folders_in

CELLS = 64  # a side
Progress = Callable[[int, int, str], None]


def write_shape_files(
    root: Path,
    out: Path,
    split: str | None = None,
    progress: Progress | None = None,
    side: int = CELLS,
) -> tuple[int, tuple[Problem, ...]]:
    """Write the shapes of all objects that have both pictures and a mesh; what is there already is kept.

    Solid cells are those of `model.presolid.binvox` where it is there, else of the mesh.

    Args:
        root: the folder with `ShapeNetRendering`, `ShapeNetCore.v1` and, if need be, `ShapeNetCore.v1.binvox`.
        out: the folder to write; reading looks for it at `root / "ShapeNetShapes"`.
        split: as for `read_shapenet`: only what it lists.
        progress: told (done, total, id) after every object.
        side: solid cells along each axis.

    Returns:
        how many are there now, and what is wrong with the others.

    Raises:
        BadInput: no object, a malformed split file, none that can be used, or a place that cannot be written to.
    """
    data = read_shapenet(root, split)
    pictured = {synset: set(folders_in(root / PICTURES / synset)) for synset in folders_in(root / PICTURES)}
    places = [i for i, e in enumerate(data.entries) if _name(e.id) in pictured.get(_synset(e.id), ())]
    problems = list(data.problems)
    written = 0
    for done, index in enumerate(places, 1):
        id = data.entries[index].id
        path = out / f"{id}.pack"
        try:
            if not path.is_file():
                pack = shape_pack(data, index, side)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_pack(pack, path)
            written += 1
        except BadInput as error:
            problems.append(Problem.of(error))
        if progress is not None:
            progress(done, len(places), id)
    if not written:
        first = f"; {problems[0].path}: {problems[0].reason}" if problems else ""
        raise BadInput(
            root, f"none of {len(places)} objects with pictures has a mesh that can be used{first}"
        )
    return written, tuple(problems)


def shape_pack(data: MeshSet, index: int, side: int = CELLS) -> ShapePack:
    """One object of ShapeNetCore as a pack.

    Raises:
        BadInput: its mesh or its voxels cannot be used.
    """
    licence = next(known.licence for known in DATA_SETS if known.name == "shapenetcore")
    pack = pack_shapes([data.shape(index)], data.name, licence, side=side)
    if not solid_file(data, index).is_file():
        return pack
    box = pack.verts.amax(0) - pack.verts.amin(0)
    cells = cells_in_cube(data, index, box, side)
    return replace(pack, voxels=torch.from_numpy(np.packbits(cells.numpy().reshape(1, -1), axis=1)))


def read_shape_file(path: Path) -> ShapePack:
    """One object.

    Raises:
        BadInput: as `read_pack`, or not one shape.
    """
    pack = read_pack(path)
    if len(pack) != 1:
        raise BadInput(path, f"has {len(pack)} shapes, not one")
    return pack


def _synset(id: str) -> str:
    return id.partition("/")[0]


def _name(id: str) -> str:
    return id.partition("/")[2]
