"""ShapeNetCore.v1 (Chang et al., 2015): meshes, and solid voxels where they are there.

    ShapeNetCore.v1/<synset>/<model>/model.obj
    ShapeNetCore.v1/taxonomy.json                                        words for the synsets (optional)
    ShapeNetCore.v1.binvox/<synset>/<model>/model.presolid.binvox        128^3, solid (optional)

Up is +Y and the front +X, as in R2N2's pictures and voxels, which were made from these files.
"""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..io.binvox import load_binvox
from ..io.errors import BadInput, as_bad_input
from ..io.json_file import read_json
from ..io.typed import typed
from ..structures.shape import SPLITS, Shape
from ..structures.voxels import VoxelGrid
from .batch import Entry
from .mesh_axes import MeshAxes
from .mesh_set import MeshSet
from .problems import Problem
from .r2n2_files import CATEGORIES, KNOWN_BROKEN
from .r2n2_frame import voxels_from_layout
from .r2n2_splits import split_of_folder
from .recognise import SHAPENET_MESHES, shapenet_meshes, shapenet_synsets
from .walk import folders_in

VOXELS = "ShapeNetCore.v1.binvox"


def read_shapenet(root: str | PathLike[str], split: str | PathLike[str] | None = None) -> MeshSet:
    """List the meshes; none is opened.

    Ids are "<synset>/<model>" as in R2N2. Folders without `model.obj` and the models that R2N2's authors list as
    broken are left out and named.

    Args:
        root: the folder with `ShapeNetCore.v1`, or that folder.
        split: as for `read_r2n2`; an object of several splits belongs to the first.

    Raises:
        BadInput: no synsets, no model, or a malformed split file or taxonomy.
    """
    root = Path(root)
    folder = shapenet_meshes(root)
    models = {synset: folders_in(folder / synset) for synset in shapenet_synsets(root)}
    parts, _ = split_of_folder(root, split, models)
    words = synset_words(folder)
    files, entries, problems = [], [], []
    for synset, name in ((s, n) for s, names in models.items() for n in names if (s, n) in parts):
        file = folder / synset / name / "model.obj"
        reason = _wrong(file, synset, name)
        if reason:
            problems.append(Problem(str(file), reason))
            continue
        part = next(word for word in SPLITS if word in parts[synset, name])
        files.append(file)
        entries.append(Entry(f"{synset}/{name}", words.get(synset, synset), part, source=SHAPENET_MESHES))
    if not files:
        raise BadInput(root, "has no <synset>/<model>/model.obj")
    return MeshSet(SHAPENET_MESHES, root, tuple(files), tuple(entries), MeshAxes(front="+X"), tuple(problems))


def _wrong(file: Path, synset: str, name: str) -> str:
    if (synset, name) in KNOWN_BROKEN:
        return "listed as broken by the authors of 3D-R2N2"
    return "" if file.is_file() else "the mesh is missing"


def synset_words(folder: Path) -> dict[str, str]:
    """First words of the synsets; those of `taxonomy.json` for the ones that R2N2 does not have.

    Raises:
        BadInput: a malformed taxonomy.
    """
    path = folder / "taxonomy.json"
    if not path.is_file():
        return CATEGORIES
    rows = read_json(path, list)
    with as_bad_input(path, ValueError, say="malformed"):
        synsets = [typed(_Synset, row, f"[{i}]", more=True) for i, row in enumerate(rows)]
    return {synset.synsetId: synset.name.split(",")[0].strip() for synset in synsets} | CATEGORIES


@dataclass(frozen=True)
class _Synset:
    """A row of `taxonomy.json`."""

    synsetId: str
    name: str


def shapenet_voxels(data: MeshSet, index: int, shape: Shape) -> VoxelGrid:
    """The solid 128^3 cells of an object, in the object frame.

    The box of the solid cells is put where the mesh's box is, the origin; the header's place is not used.

    Args:
        data: as `read_shapenet` gives it.
        index: of the object.
        shape: its mesh (`data.shape(index)`), whose scale the cells get.

    Raises:
        BadInput: the file is missing or malformed, or has no solid cell.
    """
    grid = load_binvox(solid_file(data, index))
    turned = voxels_from_layout(grid.occupancy).contiguous()
    solid = _solid_cells(turned, solid_file(data, index))
    cell = grid.cell_size * shape.scale
    middle = (solid.amin(0) + solid.amax(0) + 1) / 2
    x, y, z = ((grid.resolution / 2 - middle) * cell).tolist()
    return VoxelGrid(turned, side=grid.side * shape.scale, center=(x, y, z))


def solid_file(data: MeshSet, index: int) -> Path:
    """Where the solid voxels of an object are, if they are."""
    return data.root / VOXELS / data.entries[index].id / "model.presolid.binvox"


def cells_in_cube(
    data: MeshSet, index: int, box: Float[Tensor, " 3"], side: int
) -> Bool[Tensor, "{side} {side} {side}"]:
    """The solid cells of an object in the cube around its mesh's box.

    The box of the solid cells is stretched onto the mesh's along each axis (Mesh R-CNN's `align_bbox`, which puts the
    outermost cells' middles, not their ends, onto its faces).

    Args:
        data, index: as for `shapenet_voxels`.
        box: sides of the mesh's box along x, y and z; the longest is the cube's.
        side: cells along the cube's edge, fewer than the file has.

    Raises:
        BadInput: as `shapenet_voxels`.
    """
    path = solid_file(data, index)
    solid = _solid_cells(voxels_from_layout(load_binvox(path).occupancy), path)
    low = solid.amin(0)
    middles = (solid - low + 0.5) / (solid.amax(0) - low + 1) - 0.5
    x, y, z = ((middles * box / box.amax() + 0.5) * side).long().clamp(0, side - 1).unbind(1)
    cells = torch.zeros((side,) * 3, dtype=torch.bool)
    cells[x, y, z] = True
    return cells


def _solid_cells(occupancy: Bool[Tensor, "1 x y z"], path: Path) -> Int[Tensor, "cell 3"]:
    solid = occupancy[0].nonzero()
    if not len(solid):
        raise BadInput(path, "has no solid cell")
    return solid
