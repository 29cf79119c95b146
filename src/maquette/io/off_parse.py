"""Reading OFF text."""

import re
from dataclasses import dataclass
from itertools import chain

import numpy as np

from .color_space import BRIGHTEST
from .errors import ParseError, say_left_out
from .plain_text import plain_text
from .polygons import cut_polygons

OFF_KEYWORD = re.compile(rb"((?:ST)?C?N?)OFF", re.IGNORECASE)
_POINT = re.compile(rb"[.eE]")


@dataclass(frozen=True, eq=False)
class OffData:
    """An OFF file: verts (V, 3) float64, faces (F, 3), and for each colors (V or F, 3 or 4) or None."""

    verts: np.ndarray
    colors: np.ndarray | None
    faces: np.ndarray
    faces_colors: np.ndarray | None


def parse_off(data: bytes, strict: bool = False) -> OffData:
    """Read OFF text; the keyword "OFF" is optional, "#" starts a remark.

    Before the keyword stand "C" where vertices have colours, "N" where they have normals and "ST" where they have
    texture coordinates, which are skipped. Colours are 0..1 where one of them is written with a point and none is
    much larger, else 0..255; a face without one among others is white. Polygons are cut as `cut_polygons` says.

    Args:
        data: the file's content.
        strict: read as `load_mesh` does: beside others, faces of fewer than three corners, and colours of other than
            three or four numbers, are left out.

    Raises:
        ValueError: malformed content, or too little or too much of it.
    """
    keyword, rows = _rows(plain_text(data))
    verts_count, faces_count = _counts(rows)
    if verts_count > len(rows):
        _refuse_uneven(rows)
        raise ParseError("Not enough vertex data.", "vertices")
    verts, colors = _read_verts(rows[:verts_count], keyword)
    rows = rows[verts_count:]
    faces, faces_colors = _read_faces(rows[:faces_count], faces_count, verts, strict)
    if len(rows) > faces_count:
        raise ParseError(f"Extra data at end of file: {b' '.join(rows[faces_count])[:20]!r}")
    return OffData(verts, colors, faces, faces_colors)


def _rows(data: bytes) -> tuple[str, list[list[bytes]]]:
    """The letters before the keyword, and the words of each line after it."""
    lines = data.splitlines()
    if b"#" in data:
        lines = [line.split(b"#", 1)[0] for line in lines]
    rows = [row for line in lines if (row := line.split())]
    match = OFF_KEYWORD.match(rows[0][0]) if rows else None
    if match is None:
        return "", rows
    rest = rows[0][0][match.end() :]
    rows[0] = ([rest] if rest else []) + rows[0][1:]
    return match[1].decode().upper(), rows if rows[0] else rows[1:]


def _counts(rows: list[list[bytes]]) -> tuple[int, int]:
    """Take the line of counts (vertices, faces and, optionally, edges) off the front of `rows`."""
    items = rows.pop(0) if rows else []
    line = b" ".join(items)[:80].decode("utf-8", "replace")
    try:
        verts, faces = int(items[0]), int(items[1])
    except (ValueError, IndexError):
        raise ParseError(f"Invalid counts line: {line}") from None
    if len(items) > 3 or verts < 0 or faces < 0:
        raise ParseError(f"Invalid counts line: {line}")
    return verts, faces


def _refuse_uneven(rows: list[list[bytes]]) -> None:
    widths = list(map(len, rows))
    for i, width in enumerate(widths):
        if width != widths[0]:
            reason = f"the number of columns changed from {widths[0]} to {width} in the vertices"
            raise ParseError(reason, f"vertex {i + 1}")


def _numbers(rows: list[list[bytes]], where: str) -> np.ndarray:
    words = list(chain.from_iterable(rows))
    try:
        return np.fromiter(map(float, words), np.float64, len(words))
    except ValueError:
        raise ParseError("not a number", where) from None


def _fractions(colors: np.ndarray, rows: list[list[bytes]]) -> np.ndarray:
    """Colours in [0, 1], float32, of numbers in `rows`."""
    fractions = _POINT.search(b" ".join(chain.from_iterable(rows))) and not colors.max(initial=0) > BRIGHTEST
    return colors.astype(np.float32) * np.float32(1 if fractions else 1 / 255)


def _read_verts(rows: list[list[bytes]], keyword: str) -> tuple[np.ndarray, np.ndarray | None]:
    if not rows:
        return np.zeros((0, 3)), None
    _refuse_uneven(rows)
    first = 6 if "N" in keyword else 3
    last = len(rows[0]) - (2 if "ST" in keyword else 0)
    if last - first not in (0, 3, 4):
        raise ParseError("Bad vertex data.", "vertices")
    table = _numbers(rows, "vertices").reshape(len(rows), -1)
    if last == first:
        return table[:, :3], None
    return table[:, :3], _fractions(table[:, first:last], [row[first:last] for row in rows])


def _read_faces(
    rows: list[list[bytes]], count: int, verts: np.ndarray, strict: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    if len(rows) < count:
        raise ParseError("Not enough face data.", "faces")
    if not rows:
        return np.zeros((0, 3), np.int64), None
    widths = np.fromiter(map(len, rows), np.int64, len(rows))
    flat = _numbers(rows, "faces")
    starts = np.cumsum(widths) - widths
    sizes = _face_sizes(flat[starts], widths, strict)
    values = flat[np.repeat(starts + 1 - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())]
    if not (np.isfinite(values).all() and (values == np.floor(values)).all()):
        raise ParseError("an index that is not a whole number", "faces")
    index = values.astype(np.int64)
    corners, face = cut_polygons(sizes, verts, index, by_step=bool((widths == widths[0]).all()))
    channels = _channels(widths - 1 - sizes, strict)
    if not channels.any():
        return index[corners], None
    colored = np.flatnonzero(channels)
    colors = np.ones((len(rows), channels[colored].min()), np.float32)
    at = (starts + 1 + sizes)[colored, None] + np.arange(colors.shape[1])
    colors[colored] = _fractions(flat[at], [rows[i][1 + sizes[i] :] for i in colored])
    return index[corners], colors[face]


def _face_sizes(sizes: np.ndarray, widths: np.ndarray, strict: bool) -> np.ndarray:
    """The number of corners in each row, compared with its length."""
    if (widths == widths[0]).all() and (sizes != np.floor(sizes[0])).any() and not strict:
        raise ParseError("A line of face data did not have the specified length.", "faces")
    short = ~(sizes >= 3)
    if not np.isfinite(sizes).all() or (short.any() and (not strict or short.all())):
        raise ParseError("Faces must have at least 3 vertices.", "faces")
    if (sizes > widths - 1).any() or (sizes < 0).any() or (sizes != np.floor(sizes)).any():
        raise ParseError("A line of face data did not have the specified length.", "faces")
    if short.any():
        say_left_out(f"{short.sum()} faces of fewer than 3 corners")
    return sizes.astype(np.int64)


def _channels(extra: np.ndarray, strict: bool) -> np.ndarray:
    """How many numbers of a colour each face has, from how many stand after its corners."""
    known = np.isin(extra, (0, 3, 4))
    if not known.all():
        if not strict:
            raise ParseError("Unexpected number of colors.", "faces")
        say_left_out("colours of faces that have other than 3 or 4 numbers")
    return np.where(known, extra, 0)
