"""The files of ShapeNet R2N2 (Choy et al., ECCV 2016), read strictly and without torch.

    ShapeNetRendering/<synset>/<model>/rendering/00.png .. 23.png   137 x 137 RGBA
                                                 renderings.txt    their names, a line each
                                                 rendering_metadata.txt   a row each: azimuth, elevation and turn
                                                 in degrees, ratio of distances, 25 (unused)
    ShapeNetVox32/<synset>/<model>/model.binvox    32^3 solid cells
    ShapeNetShapes/<synset>/<model>.pack           mesh and finer cells (`data prepare`)

One of the last two may be missing.
The header of a binvox file says where the bounding box's lowest corner was, but the object has been moved to the
middle of the cube since: only its scale, the box's longest side, holds.
"""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..io.binvox_parse import BinvoxData, parse_binvox
from ..io.errors import BadInput, ParseError, as_bad_input
from ..io.files import need_file, read_file
from ..io.image_files import image_size
from .problems import Problem
from .walk import folders_in

PICTURES, VOXELS, SHAPES = "ShapeNetRendering", "ShapeNetVox32", "ShapeNetShapes"
SIDE = 32
PUBLISHED = {  # word and number of objects of each synset
    "02691156": ("airplane", 4045),
    "02828884": ("bench", 1816),
    "02933112": ("cabinet", 1572),
    "02958343": ("car", 7497),
    "03001627": ("chair", 6778),
    "03211117": ("display", 1095),
    "03636649": ("lamp", 2318),
    "03691459": ("loudspeaker", 1618),
    "04090263": ("rifle", 2372),
    "04256520": ("sofa", 3173),
    "04379243": ("table", 8509),
    "04401088": ("telephone", 1052),
    "04530566": ("watercraft", 1939),
}
CATEGORIES = {synset: word for synset, (word, _) in PUBLISHED.items()}
KNOWN_BROKEN = {  # experiments/dataset/ShapeNet.md of the authors' code
    ("03624134", "67ada28ebc79cc75a056f196c127ed77"),
    ("04090263", "4a32519f44dc84aabafe26e2eb69ebf4"),
    ("04074963", "b65b590a565fa2547e1c85c5c15da7fb"),
}


class Rendering(NamedTuple):
    """Pictures of one object: their names, and (view, 3) azimuth and elevation in degrees, ratio of distances."""

    names: tuple[str, ...]
    cameras: np.ndarray


def picture_folder(root: Path, synset: str, model: str) -> Path:
    """Where the pictures of an object are."""
    return root / PICTURES / synset / model / "rendering"


def voxel_file(root: Path, synset: str, model: str) -> Path:
    """Where the voxels of an object are."""
    return root / VOXELS / synset / model / "model.binvox"


def shape_file(root: Path, synset: str, model: str) -> Path:
    """Where the mesh of an object is, where meshes were prepared."""
    return root / SHAPES / synset / f"{model}.pack"


def list_models(root: Path) -> dict[str, list[str]]:
    """Names of the folders of objects in either tree by that of their category, both sorted.

    Raises:
        BadInput: a tree is not there, or neither holds an object.
    """
    found: dict[str, set[str]] = {}
    for tree in (PICTURES, VOXELS):
        if not (root / tree).is_dir():
            if tree == VOXELS and (root / SHAPES).is_dir():
                continue
            raise BadInput(root, f"has no folder {tree}")
        for synset in folders_in(root / tree):
            found.setdefault(synset, set()).update(folders_in(root / tree / synset))
    if not any(found.values()):
        raise BadInput(root, f"there are no objects in {PICTURES} and {VOXELS}")
    return {synset: sorted(models) for synset, models in sorted(found.items()) if models}


def read_metadata(path: Path) -> np.ndarray:
    """Rows of a `rendering_metadata.txt`: (view, 3) azimuth and elevation in degrees, ratio of distances.

    Raises:
        BadInput: missing, not text, or a row that is not five numbers of which a camera can be made.
    """
    data = read_file(path)
    with as_bad_input(path, ParseError, ValueError):
        lines = data.decode().splitlines()
        rows = [_row(line, f"line {i}") for i, line in enumerate(lines, 1) if line.strip()]
    return np.array(rows, np.float64).reshape(-1, 3)


def _row(line: str, place: str) -> tuple[float, float, float]:
    try:
        numbers = [float(word) for word in line.split()]
    except ValueError:
        numbers = []
    if len(numbers) != 5:
        raise ParseError("not five numbers: azimuth, elevation, turn, ratio, field of view", place)
    azimuth, elevation, turn, ratio, _ = numbers
    if not (np.isfinite(numbers).all() and abs(elevation) <= 90 and ratio > 0):
        raise ParseError("no camera has this elevation or ratio", place)
    if turn != 0:
        raise ParseError("cameras turned about their axis are not supported", place)
    return azimuth, elevation, ratio


def read_rendering(folder: Path) -> Rendering:
    """Names and cameras of the pictures in an object's folder; no picture is opened.

    Raises:
        BadInput: no folder, malformed metadata, not a row for each picture, or a missing picture.
    """
    cameras = read_metadata(folder / "rendering_metadata.txt")
    names = _picture_names(folder, len(cameras))
    if len(names) != len(cameras):
        raise BadInput(
            folder / "rendering_metadata.txt", f"has {len(cameras)} rows for {len(names)} pictures"
        )
    if not names:
        raise BadInput(folder, "has no pictures")
    there = set(os.listdir(folder))
    missing = next((name for name in names if name not in there), None)
    if missing is not None:
        raise BadInput(folder / missing, "the picture is missing")
    return Rendering(names, cameras)


def _picture_names(folder: Path, rows: int) -> tuple[str, ...]:
    """What `renderings.txt` lists; where it is not there, one name a row or as many as there are pictures."""
    listing = folder / "renderings.txt"
    if listing.is_file():
        with as_bad_input(listing, ValueError):
            names = read_file(listing).decode().split()
        if any(os.path.basename(name) != name for name in names):
            raise BadInput(listing, "lists a file that is not in the folder")
        return tuple(names)
    pictures = sum(name.endswith(".png") and name[:-4].isdigit() for name in os.listdir(folder))
    return tuple(f"{i:02d}.png" for i in range(max(rows, pictures)))


def read_voxels(path: Path) -> BinvoxData:
    """A grid of 32^3 cells.

    Raises:
        BadInput: as `load_binvox`, or another resolution, or no solid cell.
    """
    grid = parse_binvox(path)
    if len(grid.cells) != SIDE:
        raise BadInput(path, f"has {len(grid.cells)} cells a side, not {SIDE}")
    if not grid.cells.any():
        raise BadInput(path, "has no solid cell")
    return grid


def examine(root: Path, synset: str, model: str, pictures: bool) -> Rendering:
    """Read an object's metadata and voxels and, if asked, the header of every picture; its mesh must be there.

    Raises:
        BadInput: whatever is wrong first.
    """
    if (synset, model) in KNOWN_BROKEN:
        raise BadInput(voxel_file(root, synset, model), "listed as broken by the data set's authors")
    if (root / VOXELS).is_dir():
        read_voxels(voxel_file(root, synset, model))
    if (root / SHAPES).is_dir():
        need_file(shape_file(root, synset, model))
    folder = picture_folder(root, synset, model)
    rendering = read_rendering(folder)
    if pictures:
        sizes = {name: image_size(folder / name) for name in rendering.names}
        odd = next((name for name in sizes if sizes[name] != sizes[rendering.names[0]]), None)
        if odd is not None:
            raise BadInput(folder / odd, "its size is not that of the object's other pictures")
    return rendering


def examine_all(
    root: Path, models: dict[str, list[str]], pictures: bool = False
) -> tuple[dict[tuple[str, str], Rendering], list[Problem]]:
    """`examine` many objects: those that can be used, and what is wrong with the others."""
    good, problems = {}, []
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}
    for synset, names in models.items():
        for model in names:
            try:
                rendering = examine(root, synset, model, pictures)
            except BadInput as error:
                problems.append(Problem.of(error))
                continue
            names_once = shared.setdefault(rendering.names, rendering.names)
            good[synset, model] = rendering._replace(names=names_once)
    return good, problems
