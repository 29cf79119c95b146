"""`R2N2`: pictures, cameras and voxels in the layout of ShapeNet R2N2, brought into the object frame.

`r2n2_files` tells of the layout, `r2n2_frame` of its front axis, `r2n2_splits` of its splits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..io.errors import BadInput, ParseError, as_bad_input
from ..io.files import read_file
from ..io.image_files import decode_image
from ..renderer.cameras import FoVPerspectiveCameras
from ..renderer.views import cameras_from_r2n2
from ..structures.shape import Shape
from ..structures.voxels import VoxelGrid, swap_binvox_axes
from .batch import Entry
from .pack_data import ShapePack
from .problems import Problem
from .r2n2_files import (
    CATEGORIES,
    SHAPES,
    SIDE,
    VOXELS,
    Rendering,
    examine_all,
    list_models,
    picture_folder,
    read_voxels,
    shape_file,
    voxel_file,
)
from .r2n2_frame import azimuth_from_layout, voxels_from_layout
from .r2n2_splits import Split, Views, split_of_folder
from .shape_files import read_shape_file

Front = Literal["+X", "+Z"]


@dataclass(frozen=True)
class R2N2Model:
    """One object's pictures as one split has them: names of the files, and their cameras as in the metadata."""

    synset: str
    name: str
    rendering: Rendering


@dataclass(frozen=True, eq=False)
class R2N2Dataset:
    """Objects of a folder with `ShapeNetRendering` and `ShapeNetVox32`.

    Attributes:
        root: the folder.
        entries: id "<synset>/<model>"; category the word of the thirteen synsets, else the folder's name. Where
            a split file has views of one object in several splits, it has an entry for each of them, whose ids
            end in "@val" and "@test" after the first.
        models: where the entries' pictures are.
        problems: objects that are left out, and why.
        front: where the front of the objects is in the files: "+X" in the published data.
    """

    root: Path
    entries: tuple[Entry, ...]
    models: tuple[R2N2Model, ...]
    problems: tuple[Problem, ...]
    front: Front = "+X"

    def __len__(self) -> int:
        return len(self.entries)

    def select(self, split: str) -> list[int]:
        """Positions of the entries of a split."""
        return [i for i, entry in enumerate(self.entries) if entry.split == split]

    def view_count(self, index: int) -> int:
        """How many pictures an entry has."""
        return len(self.models[index].rendering.names)

    def picture_file(self, index: int, view: int) -> Path:
        """Where a picture is."""
        model = self.models[index]
        return picture_folder(self.root, model.synset, model.name) / model.rendering.names[view]

    def picture(self, index: int, view: int) -> Float[Tensor, "4 height width"]:
        """One picture: RGBA in [0, 1], colours not multiplied by alpha.

        Raises:
            BadInput: the file is gone or broken.
        """
        path = self.picture_file(index, view)
        with as_bad_input(path, ParseError):
            array = decode_image(read_file(path))
        if array.shape[2] < 3:
            array = np.repeat(array[..., :1], 3, axis=2)
        if array.shape[2] == 3:
            array = np.concatenate([array, np.ones_like(array[..., :1])], axis=2)
        return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))

    def placements(self, index: int) -> Float[Tensor, "view 3"]:
        """Azimuth (of the object frame) and elevation in degrees and ratio of distances of an entry's pictures."""
        cameras = torch.from_numpy(self.models[index].rendering.cameras).float()
        if self.front == "+X":
            cameras[:, 0] = azimuth_from_layout(cameras[:, 0])
        return cameras

    def cameras(self, index: int) -> FoVPerspectiveCameras:
        """Cameras of an entry's pictures in the object frame."""
        azimuth, elevation, ratio = self.placements(index).unbind(1)
        return cameras_from_r2n2(azimuth, elevation, ratio)

    @property
    def has_shapes(self) -> bool:
        """Whether meshes were prepared."""
        return (self.root / SHAPES).is_dir()

    def prepared(self, index: int) -> ShapePack:
        """Mesh and finer solid cells of an entry.

        Raises:
            BadInput: the file is gone or broken.
        """
        model = self.models[index]
        return read_shape_file(shape_file(self.root, model.synset, model.name))

    def voxels(self, index: int) -> VoxelGrid:
        """Solid cells of an entry: 32 a side, around the origin of the object frame.

        Raises:
            BadInput: the file is gone or broken.
        """
        if not (self.root / VOXELS).is_dir():
            pack = self.prepared(index)
            return VoxelGrid(pack.solid(torch.tensor([0]), SIDE), side=float(pack.sides[0]))
        model = self.models[index]
        data = read_voxels(voxel_file(self.root, model.synset, model.name))
        cells = swap_binvox_axes(torch.from_numpy(data.cells)[None])
        turned = voxels_from_layout(cells) if self.front == "+X" else cells
        return VoxelGrid(turned.contiguous(), side=data.scale)

    def shape(self, index: int) -> Shape:
        """Voxels of an entry with what is known of it."""
        entry = self.entries[index]
        return Shape(entry.id, entry.category, voxels=self.voxels(index), split=entry.split)


def read_r2n2(
    root: str | PathLike[str], split: str | PathLike[str] | None = None, front: Front = "+X"
) -> R2N2Dataset:
    """List a folder in the layout of ShapeNet R2N2.

    Reads the metadata and voxels of every object, but opens no picture. Objects with something wrong are left
    out and named in `problems`.

    Args:
        root: folder with `ShapeNetRendering` and `ShapeNetVox32`.
        split: a split file (`read_split`), or "sorted" for the split of 3D-R2N2; `ShapeNet.json` in the folder where
            it is there, else sorted, when not given. Objects that a file does not list are left out.
        front: where the front is in the files.

    Raises:
        BadInput: not such a folder, a malformed split file, or no usable object.
    """
    root = Path(root)
    models = list_models(root)
    parts, file = split_of_folder(root, split, models)
    wanted = {synset: [name for name in names if (synset, name) in parts] for synset, names in models.items()}
    good, problems = examine_all(root, wanted)
    if file is not None:
        problems += _absent(file, parts, wanted)
    found = [
        item for key, rendering in good.items() for item in _in_splits(key, rendering, parts[key], problems)
    ]
    if not found:
        first = f"; {problems[0].path}: {problems[0].reason}" if problems else ""
        raise BadInput(root, f"has no object that can be used{first}")
    entries, items = zip(*found, strict=True)
    return R2N2Dataset(root, entries, items, tuple(problems), front)


def _absent(file: Path, parts: Split, wanted: dict[str, list[str]]) -> list[Problem]:
    missing = len(parts) - sum(map(len, wanted.values()))
    return [Problem(str(file), f"lists {missing} objects that are not there")] if missing else []


def _in_splits(
    key: tuple[str, str], rendering: Rendering, splits: dict[str, Views], problems: list[Problem]
) -> list[tuple[Entry, R2N2Model]]:
    """An object once for every split that it is in."""
    synset, name = key
    id = f"{synset}/{name}"
    found = []
    for place, (split, views) in enumerate(splits.items()):
        if views is not None and max(views) >= len(rendering.names):
            problems.append(Problem(id, f"the split file lists view {max(views)} of {len(rendering.names)}"))
            continue
        own = rendering if views is None else _chosen(rendering, views)
        entry = Entry(f"{id}@{split}" if place else id, CATEGORIES.get(synset, synset), split)
        found.append((entry, R2N2Model(synset, name, own)))
    return found


def _chosen(rendering: Rendering, views: Sequence[int]) -> Rendering:
    return Rendering(tuple(rendering.names[view] for view in views), rendering.cameras[list(views)])
