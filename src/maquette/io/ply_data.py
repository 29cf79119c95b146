"""What PLY columns mean: vertices, normals, colours, texture coordinates, triangles."""

from dataclasses import dataclass

import numpy as np

from .color_space import as_fractions
from .errors import say_left_out
from .ply_header import PlyHeader
from .ply_parse import Columns, Ragged, parse_ply
from .polygons import cut_polygons

_RGB = (("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"), ("r", "g", "b"))
_UV = (("texture_u", "texture_v"), ("u", "v"), ("s", "t"))


@dataclass(frozen=True, eq=False)
class PlyData:
    """A PLY file as float32 and int64 arrays; `verts` are float64 where the file has doubles.

    Attributes:
        header: the header.
        verts: (V, 3); normals, colors: (V, 3) or None; uvs: (V, 2) or None. Colours in whole
        numbers are scaled to [0, 1].
        faces: (F, 3) triangles of the faces, else of the "tristrips", or None when there are none.
        faces_colors: (F, 3) or None; faces_uvs: (F, 3, 2) or None, from a list of 2 numbers a corner.
    """

    header: PlyHeader
    verts: np.ndarray
    normals: np.ndarray | None
    colors: np.ndarray | None
    uvs: np.ndarray | None
    faces: np.ndarray | None
    faces_colors: np.ndarray | None
    faces_uvs: np.ndarray | None

    def texture_file(self) -> str | None:
        """The picture named in a comment "TextureFile NAME", or None."""
        named = [c for c in self.header.comments if "TextureFile" in c]
        return named[-1].split("TextureFile", 1)[1].strip() if named else None


def read_ply_data(data: bytes, text_only: bool = False, strict: bool = False) -> PlyData:
    """Read PLY content.

    Args:
        data: it.
        text_only: as for `parse_ply`.
        strict: read as `load_mesh` does: lists of vertices are left out, and faces of fewer than three corners beside
            others.

    Raises:
        ValueError: malformed content, no vertices, or faces without a list of vertices.
    """
    header, elements = parse_ply(data, text_only)
    vertex = elements.get("vertex")
    if vertex is None:
        raise ValueError("The ply file has no vertex element.")
    if not strict and any(isinstance(column, Ragged) for column in vertex.values()):
        raise ValueError("Invalid vertices in file: did not expect list.")
    verts = _table(vertex, ("x", "y", "z"), keep_doubles=True)
    if verts is None:
        raise ValueError("Invalid vertices in file.")
    faces, faces_colors, faces_uvs = _read_faces(elements.get("face"), verts, strict)
    if "tristrips" in elements:
        if faces is None:
            faces = _read_strips(elements["tristrips"])
        else:
            say_left_out("strips of triangles, beside faces", "element tristrips")
    return PlyData(
        header=header,
        verts=verts,
        normals=_table(vertex, ("nx", "ny", "nz")),
        colors=_colors(vertex),
        uvs=next((t for names in _UV if (t := _table(vertex, names)) is not None), None),
        faces=faces,
        faces_colors=faces_colors,
        faces_uvs=faces_uvs,
    )


def _table(columns: Columns, names: tuple[str, ...], keep_doubles: bool = False) -> np.ndarray | None:
    found = _numbers(columns, names)
    if not found:
        return None
    kind = np.result_type(np.float32, *found) if keep_doubles else np.dtype(np.float32)
    with np.errstate(over="ignore"):
        return np.stack([column.astype(kind) for column in found], axis=1)


def _numbers(columns: Columns, names: tuple[str, ...]) -> list[np.ndarray]:
    """The columns of these names, if all are there."""
    found = [column for name in names if isinstance(column := columns.get(name), np.ndarray)]
    return found if len(found) == len(names) else []


def _colors(columns: Columns) -> np.ndarray | None:
    for names in _RGB:
        if found := _numbers(columns, names):
            return as_fractions(np.stack(found, axis=1))
    return None


def _read_faces(
    columns: Columns | None, verts: np.ndarray, strict: bool
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    if columns is None:
        return None, None, None
    polygons = _polygons(columns)
    if len(polygons.sizes) == 0:
        return None, None, None
    short = polygons.sizes < 3
    if short.any():
        if not strict or short.all():
            raise ValueError("Faces must have at least 3 vertices.")
        say_left_out(f"{short.sum()} faces of fewer than 3 vertices", "element face")
    if (polygons.sizes == 3).all() and len(columns) == 1:
        return polygons.values.reshape(-1, 3).astype(np.int64), None, None
    corners, face = cut_polygons(polygons.sizes, verts, polygons.values, by_step=True)
    colors = _colors(columns)
    uvs = columns.get("texcoord")
    if isinstance(uvs, Ragged) and (uvs.sizes == 2 * polygons.sizes).all():
        corner_uvs = uvs.values.reshape(-1, 2).astype(np.float32)[corners]
    else:
        corner_uvs = None
    faces = polygons.values[corners].astype(np.int64)
    return faces, None if colors is None else colors[face], corner_uvs


def _read_strips(columns: Columns) -> np.ndarray | None:
    """Triangles of strips, in which a negative number begins a new strip; those without area are left out."""
    lists = _polygons(columns)
    flat = np.insert(lists.values.astype(np.int32).astype(np.int64), np.cumsum(lists.sizes), -1)
    cut, at = flat < 0, np.arange(len(flat))
    first = np.maximum.accumulate(np.where(cut, at + 1, 0))
    at = at[:-2][~(cut[:-2] | cut[1:-1] | cut[2:])]
    odd = (at - first[at]) % 2
    faces = np.stack([flat[at], flat[at + 1 + odd], flat[at + 2 - odd]], axis=1)
    faces = faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]
    return faces if len(faces) else None


def _polygons(columns: Columns) -> Ragged:
    lists = {name: column for name, column in columns.items() if isinstance(column, Ragged)}
    for name in ("vertex_index", "vertex_indices"):
        if name in lists:
            return lists[name]
    if len(lists) != 1:
        raise ValueError("Unexpected form of faces data.")
    return next(iter(lists.values()))
