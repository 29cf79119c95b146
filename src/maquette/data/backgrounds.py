"""What stands behind drawn objects: kinds of backgrounds with their colours, and a bank of photographs."""

from os import PathLike
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn.functional import interpolate

from ..io.errors import BadInput, ParseError
from ..io.files import read_file
from ..io.image_files import PICTURE_SUFFIXES, decode_image
from .views_config import ViewsConfig
from .walk import names_below

DRAWS = 13
KINDS = {"plain": 0, "gradient": 1, "noise": 2, "photos": 3}
HELD_GREY = 240 / 255
_SIDE = 192
_MOST_PHOTOS = 1500


def draw_backgrounds(
    numbers: Float[np.ndarray, "picture draws"], config: ViewsConfig, photos: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Kinds, colours and patterns of backgrounds, as `kernels.draw.PictureSpecs` has them.

    Args:
        numbers: in [0, 1), `DRAWS` a picture.
        config: which kinds, and the range of plain ones.
        photos: how many photographs there are.

    Returns:
        kind (P,), behind (P, 2, 3), pattern (P, 4).
    """
    kinds = np.array([KINDS[name] for name in config.backgrounds])
    kind = kinds[(numbers[:, 0] * len(kinds)).astype(int)]
    first = numbers[:, 1:4]
    pale = first.mean(axis=1, keepdims=True)
    first = np.where(kind[:, None] == 0, first, pale + (first - pale) * numbers[:, 12:])
    second = first + (numbers[:, 4:7] - first) * numbers[:, 7:8]
    low, high = config.plain
    behind = np.stack([first, second], axis=1)
    behind[kind == 0] = (low + (high - low) * first[kind == 0])[:, None]
    return kind, behind, _patterns(kind, numbers[:, 8:12], photos)


def _patterns(kind: np.ndarray, numbers: np.ndarray, photos: int) -> np.ndarray:
    angle, slope = 2 * np.pi * numbers[:, 0], 0.5 + numbers[:, 1]
    nothing = np.zeros_like(angle)
    side = (_SIDE - 1) * (0.4 + 0.6 * numbers[:, 0])
    left, top = ((_SIDE - 1 - side) * numbers[:, i] for i in (1, 2))
    choices = np.stack(
        [
            np.zeros((len(kind), 4)),
            np.stack([slope * np.cos(angle), slope * np.sin(angle), nothing, nothing], axis=1),
            np.stack([2 + 8 * numbers[:, 0], nothing, nothing, nothing], axis=1),
            np.stack([left, top, side, np.floor(numbers[:, 3] * photos)], axis=1),
        ]
    )
    chosen: np.ndarray = choices[kind, np.arange(len(kind))]
    return chosen


def load_photos(folder: str | PathLike[str]) -> UInt8[Tensor, "photo side side 3"]:
    """The middle squares of the photographs in a folder and below, scaled to 192 pixels; at most 1,500 of them,
    evenly from their names in order. Files that cannot be read are left out.

    Raises:
        BadInput: no folder, or no photograph in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise BadInput(root, "is not a folder" if root.exists() else "there is no such folder")
    files = sorted(root / name for name in names_below(root, PICTURE_SUFFIXES))
    step = max(1, -(-len(files) // _MOST_PHOTOS))
    photos = [photo for path in files[::step] if (photo := _square(path)) is not None]
    if not photos:
        raise BadInput(root, f"no photograph in it ({', '.join(PICTURE_SUFFIXES)})")
    return torch.stack(photos)


def _square(path: Path) -> UInt8[Tensor, "side side 3"] | None:
    try:
        array = decode_image(read_file(path))
    except (BadInput, ParseError):
        return None
    height, width = array.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = torch.from_numpy(array[top : top + side, left : left + side, :3]).permute(2, 0, 1)
    scaled = interpolate(square.expand(3, -1, -1)[None], (_SIDE, _SIDE), mode="bilinear", antialias=True)[0]
    return (scaled.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()
