"""What PLY columns mean: vertices, normals, colours, texture coordinates, triangles."""

from dataclasses import dataclass

import numpy as np

from .ply_header import PlyHeader
from .ply_parse import Columns, Ragged, parse_ply
from .polygons import cut_polygons

_RGB = (("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"))
_UV = (("texture_u", "texture_v"), ("u", "v"), ("s", "t"))


@dataclass(frozen=True, eq=False)
class PlyData:
    """A PLY file as float32 and int64 arrays.

    Attributes:
        header: the header.
        verts: (V, 3); normals, colors: (V, 3) or None; uvs: (V, 2) or None. Byte colours are scaled to [0,
        1].
        faces: (F, 3) triangles, or None when there is no face element or it is empty.
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


def read_ply_data(data: bytes, text_only: bool = False) -> PlyData:
    """Read PLY content.

    Raises:
        ValueError: malformed content, no vertices, or faces without a list of vertices.
    """
    header, elements = parse_ply(data, text_only)
    vertex = elements.get("vertex")
    if vertex is None:
        raise ValueError("The ply file has no vertex element.")
    if any(isinstance(column, Ragged) for column in vertex.values()):
        raise ValueError("Invalid vertices in file: did not expect list.")
    verts = _table(vertex, ("x", "y", "z"))
    if verts is None:
        raise ValueError("Invalid vertices in file.")
    faces, faces_colors, faces_uvs = _read_faces(elements.get("face"), verts)
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


def _table(columns: Columns, names: tuple[str, ...]) -> np.ndarray | None:
    found = [columns[name] for name in names if isinstance(columns.get(name), np.ndarray)]
    if len(found) < len(names):
        return None
    with np.errstate(over="ignore"):
        return np.stack([np.asarray(column).astype(np.float32) for column in found], axis=1)


def _colors(columns: Columns) -> np.ndarray | None:
    for names in _RGB:
        table = _table(columns, names)
        if table is not None:
            bytewise = all(np.asarray(columns[name]).dtype.itemsize == 1 for name in names)
            return table * np.float32(1 / 255) if bytewise else table
    return None


def _read_faces(
    columns: Columns | None, verts: np.ndarray
) -> tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]:
    if columns is None:
        return None, None, None
    polygons = _polygons(columns)
    if len(polygons.sizes) == 0:
        return None, None, None
    if polygons.sizes.min() < 3:
        raise ValueError("Faces must have at least 3 vertices.")
    corners, face = cut_polygons(polygons.sizes, verts, polygons.values, by_step=True)
    colors = _colors(columns)
    uvs = columns.get("texcoord")
    if isinstance(uvs, Ragged) and (uvs.sizes == 2 * polygons.sizes).all():
        corner_uvs = uvs.values.reshape(-1, 2).astype(np.float32)[corners]
    else:
        corner_uvs = None
    faces = polygons.values[corners].astype(np.int64)
    return faces, None if colors is None else colors[face], corner_uvs


def _polygons(columns: Columns) -> Ragged:
    lists = {name: column for name, column in columns.items() if isinstance(column, Ragged)}
    for name in ("vertex_index", "vertex_indices"):
        if name in lists:
            return lists[name]
    if len(lists) != 1:
        raise ValueError("Unexpected form of faces data.")
    return next(iter(lists.values()))
