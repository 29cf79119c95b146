"""binvox files: run-length coded occupancy on a cubic grid.

Text header "#binvox 1", "dim d d d", "translate x y z" (the grid's lowest corner), "scale s" (its edge),
"data"; then pairs of bytes (value, run length), x slowest, then z, then y. Format: Patrick Min, binvox.
"""

from os import PathLike

import numpy as np
import torch

from ..structures.voxels import VoxelGrid, swap_binvox_axes
from .atomic import replacing
from .binvox_parse import parse_binvox
from .errors import as_bad_input


def load_binvox(path: str | PathLike[str]) -> VoxelGrid:
    """Read a binvox file.

    Returns:
        A batch of one grid of booleans, indexed (batch, x, y, z); its `side` and `center` are the file's
        scale and the middle of the cube that starts at its translate.

    Raises:
        BadInput: missing, empty, malformed, not cubic, more than 1024 cells a side, or runs that do not add
            up to the declared size (found before anything of that size is made).
    """
    cells, translate, scale = parse_binvox(path)
    x, y, z = (low + scale / 2 for low in translate)
    occupancy = swap_binvox_axes(torch.from_numpy(cells)[None]).contiguous()
    return VoxelGrid(occupancy, side=scale, center=(x, y, z))


def save_binvox(grid: VoxelGrid, path: str | PathLike[str], threshold: float = 0.5) -> None:
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
