"""Reading STL, binary and ascii: triangles without colours."""

from itertools import chain

import numpy as np

from .errors import ParseError
from .plain_text import plain_text, without_mark

RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_START = 84


def parse_stl(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read STL content; corners at exactly the same place become one vertex.

    Returns:
        verts (V, 3) float32, in the order of first use; faces (F, 3) int64.

    Raises:
        ParseError: neither kind of STL, or less data than declared.
    """
    text = plain_text(data)
    corners = _ascii_corners(text.lower()) if _is_ascii(data, text) else _binary_corners(data)
    corners = corners + np.float32(0)  # -0.0 and 0.0 are one place
    _, first, index = np.unique(
        np.ascontiguousarray(corners).view("V12").reshape(-1), return_index=True, return_inverse=True
    )
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return corners[first[order]], rank[index].reshape(-1, 3)


def _is_ascii(data: bytes, text: bytes) -> bool:
    if text.lstrip()[:5].lower() != b"solid" or b"\0" in without_mark(data[:_START]):
        return False
    count = int.from_bytes(data[80:_START], "little")
    return len(data) != _START + count * RECORD.itemsize


def _binary_corners(data: bytes) -> np.ndarray:
    if len(data) < _START:
        raise ParseError("too short for an STL file")
    count = int.from_bytes(data[80:_START], "little")
    if count * RECORD.itemsize > len(data) - _START:
        held = (len(data) - _START) // RECORD.itemsize
        raise ParseError(f"declares {count} triangles but holds {held}", "header")
    return np.frombuffer(data, RECORD, count, _START)["corners"].reshape(-1, 3)


def _ascii_corners(data: bytes) -> np.ndarray:
    rows = [line.split() for line in data.splitlines()]
    corners = [row[1:] for row in rows if row and row[0] == b"vertex"]
    if not any(row[:1] == [b"endsolid"] or row[:2] == [b"end", b"solid"] for row in rows):
        raise ParseError("the closing 'endsolid' is missing")
    if len(corners) % 3 or any(len(corner) != 3 for corner in corners):
        raise ParseError("a facet without three vertices of three numbers")
    try:
        values = np.fromiter(map(float, chain.from_iterable(corners)), np.float64, 3 * len(corners))
    except ValueError as error:
        raise ParseError(str(error)) from None
    with np.errstate(over="ignore"):
        return values.reshape(-1, 3).astype(np.float32)
