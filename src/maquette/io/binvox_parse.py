"""Reading binvox files into plain arrays, strictly. Does without torch; `binvox` tells of the format."""

from os import PathLike
from typing import Any, NamedTuple

import numpy as np

from .errors import ParseError, as_bad_input
from .files import read_file

_LARGEST_SIDE = 1024
_LONGEST_HEADER = 4096


class BinvoxData(NamedTuple):
    """A grid: (x, z, y) booleans, the place of its lowest corner, and the length of its edge."""

    cells: np.ndarray
    translate: tuple[float, float, float]
    scale: float


class _Header(NamedTuple):
    side: int
    translate: tuple[float, float, float]
    scale: float
    end: int


def parse_binvox(path: str | PathLike[str]) -> BinvoxData:
    """Read and check a file as `load_binvox` does.

    Raises:
        BadInput: as `load_binvox`.
    """
    data = read_file(path)
    with as_bad_input(path, ParseError, ValueError):
        header = _read_header(data)
        cells = _decode(data[header.end :], header.side)
    return BinvoxData(cells, header.translate, header.scale)


def _read_header(data: bytes) -> _Header:
    if not data.startswith(b"#binvox"):
        raise ParseError("not a binvox file", "header")
    end = data.find(b"data\n", 0, _LONGEST_HEADER)
    if end < 0:
        raise ParseError("the header has no line 'data'", "header")
    fields = {line[0]: line[1:] for text in data[:end].split(b"\n") if (line := text.split())}
    dims = _numbers(fields, b"dim", int, 3)
    if not all(0 < d <= _LARGEST_SIDE for d in dims) or len(set(dims)) != 1:
        raise ParseError(f"dim {dims} is not a cube of 1 to {_LARGEST_SIDE} cells a side", "header")
    translate = _numbers(fields, b"translate", float, 3) if b"translate" in fields else (0.0, 0.0, 0.0)
    (scale,) = _numbers(fields, b"scale", float, 1) if b"scale" in fields else (1.0,)
    with np.errstate(over="ignore"):
        place = np.array([*translate, scale, *(low + scale for low in translate)]).astype(np.float32)
    if not np.isfinite(place).all() or place[3] <= 0:
        raise ParseError("translate and scale must be finite, scale positive", "header")
    return _Header(dims[0], translate, scale, end + len(b"data\n"))


def _numbers(
    fields: dict[bytes, list[bytes]], name: bytes, kind: type[int | float], count: int
) -> tuple[Any, ...]:
    words = fields.get(name, [])
    try:
        values = tuple(kind(word) for word in words)
    except ValueError:
        values = ()
    if len(values) != count:
        raise ParseError(f"the line '{name.decode()}' does not have {count} numbers", "header")
    return values


def _decode(runs: bytes, side: int) -> np.ndarray:
    pairs = np.frombuffer(runs[: len(runs) // 2 * 2], np.uint8).reshape(-1, 2)
    total = int(pairs[:, 1].sum(dtype=np.int64))
    if total != side**3 or len(runs) % 2:
        raise ParseError(f"the data holds {total} cells, but dim says {side**3}", "data")
    if pairs[:, 0].max(initial=0) > 1:
        raise ParseError("a cell that is neither 0 nor 1", "data")
    return np.repeat(pairs[:, 0].astype(bool), pairs[:, 1]).reshape(side, side, side)
