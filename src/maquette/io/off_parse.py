"""Reading OFF text."""

from dataclasses import dataclass
from itertools import chain

import numpy as np

from .errors import ParseError
from .polygons import cut_polygons


@dataclass(frozen=True, eq=False)
class OffData:
    """An OFF file: verts (V, 3), faces (F, 3), and for each colors (V or F, 3 or 4) or None."""

    verts: np.ndarray
    colors: np.ndarray | None
    faces: np.ndarray
    faces_colors: np.ndarray | None


def parse_off(data: bytes) -> OffData:
    """Read OFF text; the keyword "OFF" (or "COFF") is optional, "#" starts a remark.

    Colours written as whole numbers are taken as 0..255, others as 0..1. Polygons are cut as
    `cut_polygons` says.

    Raises:
        ValueError: malformed content, or too little or too much of it.
    """
    rows = _rows(data)
    verts_count, faces_count = _counts(rows)
    if verts_count > len(rows):
        _refuse_uneven(rows)
        raise ParseError("Not enough vertex data.", "vertices")
    verts, colors = _read_verts(rows[:verts_count])
    rows = rows[verts_count:]
    faces, faces_colors = _read_faces(rows[:faces_count], faces_count, verts)
    if len(rows) > faces_count:
        raise ParseError(f"Extra data at end of file: {b' '.join(rows[faces_count])[:20]!r}")
    return OffData(verts, colors, faces, faces_colors)


def _rows(data: bytes) -> list[list[bytes]]:
    lines = data.splitlines()
    if b"#" in data:
        lines = [line.split(b"#", 1)[0] for line in lines]
    rows = [row for line in lines if (row := line.split())]
    if rows:
        word = rows[0][0]
        for keyword in (b"COFF", b"OFF"):
            if word.upper().startswith(keyword):
                rest = word[len(keyword) :]
                rows[0] = ([rest] if rest else []) + rows[0][1:]
                break
        if not rows[0]:
            del rows[0]
    return rows


def _counts(rows: list[list[bytes]]) -> tuple[int, int]:
    """Take the line of counts off the front of `rows`."""
    items = rows.pop(0) if rows else []
    line = b" ".join(items)[:80].decode("utf-8", "replace")
    try:
        verts, faces = int(items[0]), int(items[1])
    except (ValueError, IndexError):
        raise ParseError(f"Invalid counts line: {line}") from None
    if len(items) != 3 or verts < 0 or faces < 0:
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


def _color_scale(words: list[bytes]) -> float:
    whole = all(word.lstrip(b"+-").isdigit() for word in words)
    return 1 / 255 if whole else 1.0


def _read_verts(rows: list[list[bytes]]) -> tuple[np.ndarray, np.ndarray | None]:
    if not rows:
        return np.zeros((0, 3), np.float32), None
    _refuse_uneven(rows)
    if len(rows[0]) not in (3, 6, 7):
        raise ParseError("Bad vertex data.", "vertices")
    with np.errstate(over="ignore"):
        table = _numbers(rows, "vertices").reshape(len(rows), -1).astype(np.float32)
    if table.shape[1] == 3:
        return table, None
    return table[:, :3], table[:, 3:] * np.float32(_color_scale(rows[0][3:]))


def _read_faces(
    rows: list[list[bytes]], count: int, verts: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    if len(rows) < count:
        raise ParseError("Not enough face data.", "faces")
    if not rows:
        return np.zeros((0, 3), np.int64), None
    widths = np.fromiter(map(len, rows), np.int64, len(rows))
    flat = _numbers(rows, "faces")
    starts = np.cumsum(widths) - widths
    sizes = flat[starts]
    colors_count = _check_face_rows(sizes, widths)
    sizes = sizes.astype(np.int64)
    values = flat[np.repeat(starts + 1 - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())]
    if not (np.isfinite(values).all() and (values == np.floor(values)).all()):
        raise ParseError("an index that is not a whole number", "faces")
    index = values.astype(np.int64)
    corners, face = cut_polygons(sizes, verts, index, by_step=bool((widths == widths[0]).all()))
    faces = index[corners]
    if colors_count == 0:
        return faces, None
    colors = flat[(starts + 1 + sizes)[:, None] + np.arange(colors_count)].astype(np.float32)
    scale = np.float32(_color_scale(rows[0][1 + int(sizes[0]) :]))
    return faces, (colors * scale)[face]


def _check_face_rows(sizes: np.ndarray, widths: np.ndarray) -> int:
    """Check the length of every row; give the number of colour values in each."""
    if (widths == widths[0]).all() and (sizes != np.floor(sizes[0])).any():
        raise ParseError("A line of face data did not have the specified length.", "faces")
    if not np.isfinite(sizes).all() or (sizes < 3).any():
        raise ParseError("Faces must have at least 3 vertices.", "faces")
    extra = widths - 1 - sizes
    if (extra < 0).any() or (sizes != np.floor(sizes)).any():
        raise ParseError("A line of face data did not have the specified length.", "faces")
    if (extra != extra[0]).any():
        raise ParseError("Number of colors differs between faces.", "faces")
    if extra[0] not in (0, 3, 4):
        raise ParseError("Unexpected number of colors.", "faces")
    return int(extra[0])
