"""Reading STL, binary and ascii: triangles without colours."""

import re
from itertools import chain

import numpy as np

from .errors import ParseError
from .plain_text import plain_text, without_mark

RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_START = 84
_FACTORS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64
)  # odd, of no pattern
_VERTEX = re.compile(rb"^[ \t]*vertex[ \t]+(\S+)[ \t]+(\S+)[ \t]+(\S+)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_ANY_VERTEX = re.compile(rb"^[ \t]*vertex(?=\s|$)", re.IGNORECASE | re.MULTILINE)
_END = re.compile(rb"^[ \t]*end[ \t]*solid(?=\s|$)", re.IGNORECASE | re.MULTILINE)


def parse_stl(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read STL content; corners at exactly the same place become one vertex.

    Returns:
        verts (V, 3) float32, in the order of first use; faces (F, 3) int64.

    Raises:
        ParseError: neither kind of STL, or less data than declared.
    """
    text = plain_text(data)
    corners = _ascii_corners(text) if _is_ascii(data, text) else _binary_corners(data)
    corners = np.ascontiguousarray(corners + np.float32(0))  # -0.0 and 0.0 are one place
    first, index = _places(corners)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return corners[first[order]], rank[index].reshape(-1, 3)


def _places(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each different row comes first, and which of those each row is: by hashes, which sort faster."""
    bits = corners.view(np.uint32).reshape(-1, 3)
    hashes = (bits * _FACTORS).sum(axis=1, dtype=np.uint64)
    _, first, index = np.unique(hashes, return_index=True, return_inverse=True)
    if (bits[first][index] != bits).any():
        rows = corners.view("V12").reshape(-1)
        _, first, index = np.unique(rows, return_index=True, return_inverse=True)
    return first, index


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
    text = data.replace(b"\r", b"\n")
    if not _END.search(text):
        raise ParseError("the closing 'endsolid' is missing")
    corners = _VERTEX.findall(text)
    if len(corners) % 3 or len(corners) != len(_ANY_VERTEX.findall(text)):
        raise ParseError("a facet without three vertices of three numbers")
    try:
        values = np.fromiter(map(float, chain.from_iterable(corners)), np.float64, 3 * len(corners))
    except ValueError as error:
        raise ParseError(str(error)) from None
    with np.errstate(over="ignore"):
        return values.reshape(-1, 3).astype(np.float32)
