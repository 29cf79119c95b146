"""Packing: meshes of a folder, or shapes from anywhere, into one `ShapePack`, and packs in and out of files."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from os import PathLike
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ..io.errors import BadInput
from ..io.mesh_data import MeshData
from ..io.mesh_read import read_mesh
from ..io.mesh_tensors import from_meshes
from ..ops import voxelize
from ..structures import Meshes
from ..structures.shape import Shape
from .batch import Entry
from .mesh_axes import OBJECT_AXES, MeshAxes
from .mesh_folder import FolderMesh, lone_mesh, read_mesh_folder
from .pack_data import SIDE, ShapePack, join_packs, starts_of
from .pack_file import read_pack, write_pack
from .problems import Problem
from .splits import split_of

__all__ = ["Packed", "ShapePack", "join_packs", "pack_meshes", "pack_shapes", "read_pack", "write_pack"]

_GREY = 179
_MOST_COLOURS = 256  # of a shape; more are brought down to the nearest of so many
_MOST_PART_COLOURS = 64  # of a shape whose parts are split by colour
_WELD_STEPS = 16384  # of the longest side: vertices closer than one are the same corner
_AT_ONCE = 8

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Packed:
    """What packing a folder gave.

    Attributes:
        pack: the shapes.
        skipped: the meshes that could not be used, and why.
    """

    pack: ShapePack
    skipped: tuple[Problem, ...]


@dataclass(frozen=True, eq=False)
class _Piece:
    """One shape as arrays, as they stand in a pack."""

    entry: Entry
    licence: str
    verts: np.ndarray
    faces: np.ndarray
    parts: np.ndarray
    colours: np.ndarray
    palette: np.ndarray


def pack_meshes(
    folders: Iterable[str | PathLike[str]],
    progress: Progress | None = None,
    side: int = SIDE,
    axes: MeshAxes = OBJECT_AXES,
    turned: Mapping[str, MeshAxes] | None = None,
) -> Packed:
    """Pack the meshes of folders: sub-folders are categories, and a table may say more (`read_mesh_folder`).

    A mesh file may stand for a folder with no other mesh in it.

    Bad meshes are skipped and named. With several folders an id that is taken already gets its folder's name in
    front.

    Args:
        folders: one or more, or mesh files.
        progress: told (done, total, id) after every mesh.
        side: cells of the solid voxels along each axis.
        axes: of the meshes whose axes no table tells.
        turned: axes of meshes by their path below their folder, whatever its table tells (`mesh_folder.read_turned`).

    Raises:
        BadInput: no folder, a malformed table, or no usable mesh in all of them.
    """
    roots = [Path(folder) for folder in folders]
    files = list(_files(roots, axes, turned))
    skipped: list[Problem] = []

    def pieces() -> Iterator[_Piece]:
        for done, (path, entry, licence, given, root) in enumerate(files, 1):
            try:
                mesh = read_mesh(path, root)
                yield _piece(entry, licence, replace(mesh, verts=mesh.verts @ given.turn()))
            except BadInput as error:
                skipped.append(Problem.of(error))
            except ValueError as error:
                skipped.append(Problem(str(path), str(error)))
            if progress is not None:
                progress(done, len(files), entry.id)

    pack = _gathered(pieces(), side)
    if not len(pack):
        first = f"; {skipped[0].path}: {skipped[0].reason}" if skipped else ""
        raise BadInput(roots[0], f"none of {len(files)} meshes can be used{first}")
    return Packed(pack, tuple(skipped))


def pack_shapes(
    shapes: Iterable[Shape],
    source: str = "",
    licence: str = "",
    families: Callable[[str], str] | None = None,
    side: int = SIDE,
) -> ShapePack:
    """Pack shapes that have meshes, as `data.families` makes them.

    Args:
        shapes: with different ids; the split of one that has none follows from a hash of its family or id.
        source: of all of them.
        licence: of all of them.
        families: the family of an id, for shapes that must stay in one split.
        side: cells of the solid voxels along each axis.

    Raises:
        ValueError: no shapes, a shape without a mesh or with an extent of 0, or two of one id.
    """

    def pieces() -> Iterator[_Piece]:
        for shape in shapes:
            if shape.mesh is None:
                raise ValueError(f"shape {shape.id} has no mesh")
            family = families(shape.id) if families else ""
            split = shape.split or split_of(family or shape.id)
            entry = Entry(shape.id, shape.category, split, family, source)
            yield _piece(entry, licence, from_meshes(shape.mesh)[0])

    pack = _gathered(pieces(), side)
    if len({entry.id for entry in pack.entries}) != len(pack) or not len(pack):
        raise ValueError("shapes with different ids are needed")
    return pack


def _files(
    folders: list[Path], axes: MeshAxes, turned: Mapping[str, MeshAxes] | None
) -> Iterator[FolderMesh]:
    taken: set[str] = set()
    for folder in folders:
        for mesh in [lone_mesh(folder, axes)] if folder.is_file() else read_mesh_folder(folder, axes, turned):
            entry = mesh.entry
            if entry.id in taken:
                entry = replace(entry, id=f"{mesh.root.name}/{entry.id}")
            if entry.id in taken:
                raise BadInput(mesh.path, f"two meshes have the id {entry.id!r}")
            taken.add(entry.id)
            yield mesh._replace(entry=entry)


def _piece(entry: Entry, licence: str, mesh: MeshData) -> _Piece:
    """Bring a mesh into the object frame and sort its faces into colours and parts."""
    used, faces = np.unique(mesh.faces, return_inverse=True)
    faces = faces.reshape(-1, 3).astype(np.int32)
    verts = mesh.verts[used].astype(np.float64)
    low, high = verts.min(axis=0), verts.max(axis=0)
    diagonal = np.linalg.norm(high - low)
    if not 0 < diagonal < np.inf:
        raise ValueError("the mesh has no finite, positive extent")
    verts = ((verts - (low + high) / 2) / diagonal).astype(np.float32)
    palette, colours = _paint(mesh)
    parts = _parts(verts, faces, colours if len(palette) <= _MOST_PART_COLOURS else None)
    return _Piece(entry, licence, verts, faces, parts, colours, palette)


def _paint(mesh: MeshData) -> tuple[np.ndarray, np.ndarray]:
    """At most 256 colours, and which of them each face has; grey where the mesh has none."""
    corners = mesh.corner_colors()
    if corners is None:
        return np.full((1, 3), _GREY, np.uint8), np.zeros(len(mesh.faces), np.uint8)
    colours = np.rint(corners.mean(axis=1) * 255).astype(np.uint8)
    palette, index = np.unique(colours, axis=0, return_inverse=True)
    if len(palette) > _MOST_COLOURS:
        way = Image.Quantize.MAXCOVERAGE
        few = Image.fromarray(colours[None]).quantize(_MOST_COLOURS, way, kmeans=1, dither=Image.Dither.NONE)
        colours = np.asarray(few.convert("RGB"))[0]
        palette, index = np.unique(colours, axis=0, return_inverse=True)
    return palette, index.reshape(-1).astype(np.uint8)


def _parts(verts: np.ndarray, faces: np.ndarray, colours: np.ndarray | None) -> np.ndarray:
    """Connected piece of every face, in order of the first face of each; split by colour where it is given."""
    steps = np.rint((verts + 0.5) * _WELD_STEPS).astype(np.int64)
    corner = np.unique(steps @ np.array([1, 1 << 20, 1 << 40]), return_inverse=True)[1][faces]
    ends = np.concatenate([corner[:, :2], corner[:, 1:]])
    count = int(corner.max()) + 1
    graph = coo_array((np.ones(len(ends), bool), (ends[:, 0], ends[:, 1])), shape=(count, count))
    label = connected_components(graph, directed=False)[1][corner[:, 0]].astype(np.int64)
    if colours is not None:
        label = label * _MOST_COLOURS + colours
    _, first, index = np.unique(label, return_index=True, return_inverse=True)
    order = np.empty(len(first), np.int32)
    order[np.argsort(first)] = np.arange(len(first), dtype=np.int32)
    return order[index.reshape(-1)]


def _gathered(pieces: Iterable[_Piece], side: int) -> ShapePack:
    """One pack of all pieces, with their voxels."""
    kept: list[_Piece] = []
    cells: list[torch.Tensor] = [torch.zeros((0, side**3 // 8), dtype=torch.uint8)]
    rest = iter(pieces)
    while group := list(islice(rest, _AT_ONCE)):
        kept.extend(group)
        cells.append(_voxels(group, side))

    def stacked(name: str, empty: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.concatenate([empty, *(getattr(piece, name) for piece in kept)]))

    def starts(name: str) -> torch.Tensor:
        return starts_of(np.array([len(getattr(piece, name)) for piece in kept], np.int64))

    return ShapePack(
        entries=tuple(piece.entry for piece in kept),
        licences=tuple(piece.licence for piece in kept),
        verts=stacked("verts", np.zeros((0, 3), np.float32)),
        faces=stacked("faces", np.zeros((0, 3), np.int32)),
        parts=stacked("parts", np.zeros(0, np.int32)),
        colours=stacked("colours", np.zeros(0, np.uint8)),
        palette=stacked("palette", np.zeros((0, 3), np.uint8)),
        voxels=torch.cat(cells),
        vert_starts=starts("verts"),
        face_starts=starts("faces"),
        palette_starts=starts("palette"),
    )


def _voxels(pieces: list[_Piece], side: int) -> torch.Tensor:
    """Solid cells of each shape's cube, eight a byte."""
    verts = [torch.from_numpy(piece.verts / np.ptp(piece.verts, axis=0).max()) for piece in pieces]
    faces = [torch.from_numpy(piece.faces.astype(np.int64)) for piece in pieces]
    solid = voxelize(Meshes(verts, faces), side).occupancy
    return torch.from_numpy(np.packbits(solid.reshape(len(verts), -1).cpu().numpy(), axis=1))
