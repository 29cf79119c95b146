"""`memory_sheet`: shapes that a memory brings back, drawn, with what is known of each."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import interpolate

from ..io.printable import printable, shortened
from ..renderer.voxel_pictures import SOMEWHERE, draw_voxels
from .remembered import Remembered

ACROSS = 5  # tiles a row, as previews have
_LINE = 16  # pixels of a line of words
_SCALE = 0.4


def memory_sheet(
    shapes: Sequence[Remembered],
    grids: Bool[Tensor, "shape x y z"],
    pictures: Float[Tensor, "view 3 _h _w"] | None = None,
    tile: int = 256,
) -> Float[Tensor, "3 height width"]:
    """Pictures of an object, and the shapes that they bring back in rows, each with its similarity, age and id.

    Ids are written with escapes for what does not print, shortened, and "?" for what is not ASCII.

    Args:
        shapes: as many as there are grids.
        grids: solid cells.
        pictures: that stand before them.
        tile: pixels a side of every shape.
    """
    azimuth, elevation = SOMEWHERE
    tiles = [
        torch.cat([interpolate(one[None].cpu(), (tile, tile), mode="area")[0], _words((), tile)], dim=1)
        for one in (() if pictures is None else pictures)
    ]
    for shape, grid in zip(shapes, grids.cpu(), strict=True):
        drawn = draw_voxels(grid, torch.tensor([azimuth]), elevation, tile)[0]
        tiles.append(torch.cat([drawn, _words(_caption(shape, tile), tile)], dim=1))
    tiles = tiles or [torch.ones(3, tile + 2 * _LINE, tile)]
    across = min(ACROSS, len(tiles))
    tiles += [torch.ones_like(tiles[0])] * (math.ceil(len(tiles) / across) * across - len(tiles))
    rows = [torch.cat(tiles[i : i + across], dim=2) for i in range(0, len(tiles), across)]
    return torch.cat(rows, dim=1).clamp(0, 1)


def _caption(shape: Remembered, tile: int) -> tuple[str, str]:
    similar = "" if shape.similarity is None else f"similarity {shape.similarity:.3f}, "
    id = "(unknown)" if shape.id is None else printable(shape.id)
    return f"{similar}age {shape.age}", shortened(id, max(8, tile // 7))


def _words(lines: Sequence[str], width: int) -> Float[Tensor, "3 height width"]:
    """Two lines of words, black on white."""
    canvas = np.full((2 * _LINE, width, 3), 255, np.uint8)
    for i, line in enumerate(lines):
        text = line.encode("ascii", "replace").decode()
        at = (4, (i + 1) * _LINE - 4)
        cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, _SCALE, (0, 0, 0), 1, cv2.LINE_AA)
    return torch.from_numpy(canvas).permute(2, 0, 1).float() / 255
