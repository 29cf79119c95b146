"""binvox files: run-length coded occupancy on a cubic grid.

Text header "#binvox 1", "dim d d d", "translate x y z" (the grid's lowest corner), "scale s" (its edge),
"data"; then pairs of bytes (value, run length), x slowest, then z, then y. Format: Patrick Min, binvox.
"""

from os import PathLike
from typing import NamedTuple

import numpy as np
import torch

from ..structures.voxels import VoxelGrid, swap_binvox_axes
from .atomic import replacing
from .errors import ParseError, as_bad_input
from .images import read_file

_LARGEST_SIDE = 1024
_LONGEST_HEADER = 4096


class _Header(NamedTuple):
    side: int
    translate: tuple[float, float, float]
    scale: float
    end: int


def load_binvox(path: str | PathLike) -> VoxelGrid:
    """Read a binvox file.

    Returns:
        A batch of one grid of booleans, indexed (batch, x, y, z); its `side` and `center` are the file's
        scale and the middle of the cube that starts at its translate.

    Raises:
        BadInput: missing, empty, malformed, not cubic, more than 1024 cells a side, or runs that do not add
            up to the declared size (found before anything of that size is made).
    """
    data = read_file(path)
    with as_bad_input(path, ParseError, ValueError):
        header = _read_header(data)
        occupancy = _decode(data[header.end :], header.side)
        x, y, z = (low + header.scale / 2 for low in header.translate)
        grid = VoxelGrid(
            swap_binvox_axes(torch.from_numpy(occupancy)[None]).contiguous(),
            side=header.scale,
            center=(x, y, z),
        )
    return grid


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
    if not np.isfinite([*translate, scale]).all() or scale <= 0:
        raise ParseError("translate and scale must be finite, scale positive", "header")
    return _Header(dims[0], translate, scale, end + len(b"data\n"))


def _numbers(fields: dict, name: bytes, kind: type, count: int) -> tuple:
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


def save_binvox(grid: VoxelGrid, path: str | PathLike, threshold: float = 0.5) -> None:
    """Write a grid as binvox writes it, so that an unchanged file comes back byte for byte.

    Args:
        grid: a batch of one grid.
        path: the file to write or replace.
        threshold: probabilities of at least this are solid.

    Raises:
        ValueError: not one grid.
        BadInput: a place that cannot be written to.
    """
    if len(grid) != 1:
        raise ValueError(f"a binvox file holds one grid, got {len(grid)}")
    cells = swap_binvox_axes(grid.solid(threshold))[0].reshape(-1).cpu().numpy()
    low = [c - grid.side / 2 for c in grid.center]
    lines = ["#binvox 1", "dim" + f" {grid.resolution}" * 3, "translate " + " ".join(f"{x:.9g}" for x in low)]
    header = "\n".join([*lines, f"scale {grid.side:.9g}", "data", ""]).encode()
    with as_bad_input(path, OSError, say="cannot be written"), replacing(path) as file:
        file.write(header + _encode(cells))


def _encode(cells: np.ndarray) -> bytes:
    """Runs of at most 255 equal cells."""
    starts = np.flatnonzero(np.diff(cells.astype(np.int8), prepend=-1))
    lengths = np.diff(starts, append=len(cells))
    pieces = -(-lengths // 255)
    counts = np.full(pieces.sum(), 255)
    counts[np.cumsum(pieces) - 1] = lengths - 255 * (pieces - 1)
    values = np.repeat(cells[starts].astype(np.uint8), pieces)
    return np.stack([values, counts.astype(np.uint8)], axis=1).tobytes()
