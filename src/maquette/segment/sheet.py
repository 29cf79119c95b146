"""A sheet of pictures with the outlines of their masks."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from .found import Found

_TILE, _MOST, _EDGE = 192, 8, 2
_COLOUR, _DIM = (1.0, 0.45, 0.0), 0.35


def mask_sheet(
    pictures: Sequence[Float[np.ndarray, "_h _w _c"]], found: Sequence[Found]
) -> Float[Tensor, "3 height width"]:
    """Every picture, dark and grey around the object, with its outline in orange, eight a row.

    Args:
        pictures: colours in [0, 1].
        found: in each.
    """
    tiles = [_tile(picture, one) for picture, one in zip(pictures, found, strict=True)]
    columns = min(_MOST, len(tiles))
    rows = math.ceil(len(tiles) / columns)
    tiles += [np.ones((_TILE, _TILE, 3), np.float32)] * (rows * columns - len(tiles))
    sheet = np.concatenate(
        [np.concatenate(tiles[row * columns : (row + 1) * columns], axis=1) for row in range(rows)]
    )
    return torch.from_numpy(sheet).permute(2, 0, 1)


def _tile(picture: np.ndarray, found: Found) -> np.ndarray:
    colours = np.broadcast_to(picture[..., :3], (*picture.shape[:2], 3))
    scale = (_TILE - 2 * _EDGE) / max(colours.shape[:2])
    size = (max(1, round(colours.shape[1] * scale)), max(1, round(colours.shape[0] * scale)))
    small = cv2.resize(np.ascontiguousarray(colours, np.float32), size, interpolation=cv2.INTER_AREA)
    inside = cv2.resize(found.mask[0].cpu().numpy(), size, interpolation=cv2.INTER_AREA)[..., None]
    grey = small.mean(axis=2, keepdims=True) * _DIM
    shown = np.ascontiguousarray(small * inside + grey * (1 - inside), np.float32)
    edges, _ = cv2.findContours(
        (inside[..., 0] > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE
    )
    cv2.drawContours(shown, edges, -1, _COLOUR, 1)
    tile = np.ones((_TILE, _TILE, 3), np.float32)
    top, left = (_TILE - size[1]) // 2, (_TILE - size[0]) // 2
    tile[top : top + size[1], left : left + size[0]] = shown
    return tile
