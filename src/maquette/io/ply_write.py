"""Writing PLY, ascii or binary."""

import sys
import warnings

import numpy as np
from torch import Tensor

from .index_checks import warn_of_invalid_indices
from .text_lines import format_rows


def ply_bytes(
    verts: Tensor,
    faces: Tensor | None = None,
    *,
    verts_normals: Tensor | None = None,
    verts_colors: Tensor | None = None,
    faces_colors: Tensor | None = None,
    ascii: bool = False,
    decimal_places: int | None = None,
    colors_as_uint8: bool = False,
) -> bytes:
    """The content of a PLY file.

    Args:
        verts: (V, 3), stored as float32; an empty mesh is written without faces, with a warning.
        faces: (F, 3) or None.
        verts_normals, verts_colors: (V, 3) or None; faces_colors: (F, 3), always stored as bytes, or None.
        ascii: text instead of binary in the machine's byte order.
        decimal_places: digits after the point in text; 6 by default.
        colors_as_uint8: store vertex colours as 0..255 instead of float32.
    """
    header = _header(verts, faces, verts_normals, verts_colors, faces_colors, ascii, colors_as_uint8)
    if not len(verts):
        warnings.warn("Empty 'verts' provided", stacklevel=3)
        return header
    table = _vertex_table(verts, verts_normals, verts_colors, colors_as_uint8)
    parts = [header, _vertex_lines(table, decimal_places) if ascii else table.tobytes()]
    if faces is not None:
        warn_of_invalid_indices(faces, len(verts))
        if len(faces):
            parts.append(_face_data(faces, faces_colors, ascii))
    return b"".join(parts)


def _header(
    verts: Tensor,
    faces: Tensor | None,
    normals: Tensor | None,
    colors: Tensor | None,
    faces_colors: Tensor | None,
    ascii: bool,
    colors_as_uint8: bool,
) -> bytes:
    def properties(kind: str, *names: str) -> list[str]:
        return [f"property {kind} {name}" for name in names]

    lines = ["ply", f"format {'ascii' if ascii else f'binary_{sys.byteorder}_endian'} 1.0"]
    lines += [f"element vertex {len(verts)}", *properties("float", "x", "y", "z")]
    if normals is not None:
        lines += properties("float", "nx", "ny", "nz")
    if colors is not None:
        lines += properties("uchar" if colors_as_uint8 else "float", "red", "green", "blue")
    if len(verts) and faces is not None:
        lines += [f"element face {len(faces)}", "property list uchar int vertex_index"]
        if faces_colors is not None:
            lines += properties("uchar", "red", "green", "blue")
    return "\n".join([*lines, "end_header", ""]).encode("ascii")


def _vertex_table(
    verts: Tensor, normals: Tensor | None, colors: Tensor | None, colors_as_uint8: bool
) -> np.ndarray:
    columns = {"verts": _array(verts)}
    if normals is not None:
        columns["normals"] = _array(normals)
    if colors is not None:
        columns["colors"] = _bytes(colors) if colors_as_uint8 else _array(colors)
    table = np.zeros(len(verts), [(name, column.dtype, 3) for name, column in columns.items()])
    for name, column in columns.items():
        table[name] = column
    return table


def _array(values: Tensor) -> np.ndarray:
    return values.detach().cpu().numpy().astype(np.float32)


def _bytes(colors: Tensor) -> np.ndarray:
    levels: np.ndarray = np.rint(colors.detach().cpu().double().clamp(0, 1).numpy() * 255)
    return levels.astype(np.uint8)


def _vertex_lines(table: np.ndarray, decimal_places: int | None) -> bytes:
    number = f"%.{6 if decimal_places is None else decimal_places}f"
    columns = [table[name] for name in table.dtype.names or ()]
    formats = ["%d" if column.dtype == np.uint8 else number for column in columns for _ in range(3)]
    rows = np.concatenate([column.astype(np.float64) for column in columns], axis=1)
    return format_rows(" ".join(formats) + "\n", rows)


def _face_data(faces: Tensor, colors: Tensor | None, ascii: bool) -> bytes:
    index = faces.detach().cpu().numpy()
    if ascii:
        rows = index if colors is None else np.concatenate([index, _bytes(colors)], axis=1)
        return format_rows("3" + " %d" * rows.shape[1] + "\n", rows)
    fields = [("count", "u1"), ("index", "i4", 3), *([("color", "u1", 3)] if colors is not None else [])]
    table = np.zeros(len(index), fields)
    table["count"] = 3
    table["index"] = index
    if colors is not None:
        table["color"] = _bytes(colors)
    return table.tobytes()
