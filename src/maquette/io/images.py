"""Pictures in and out, strictly: every problem with a file is a `BadInput`."""

from os import PathLike, fspath
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image
from torch import Tensor

from .atomic import replacing
from .errors import BadInput, as_bad_input
from .image_files import GREY_WEIGHTS, mask_in, read_pixels
from .image_files import image_size as image_size

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP", ".tif": "TIFF",
            ".tiff": "TIFF"}  # fmt: skip


def load_image(
    path: str | PathLike[str], channels: int | None = None, background: float = 1.0
) -> Float[Tensor, "channel height width"]:
    """Read a picture.

    Grey, 16-bit, palette, CMYK and transparent pictures are understood; EXIF orientation is applied. The
    first frame of an animation is taken.

    Args:
        path: the file.
        channels: 3 or 4 to have RGB or RGBA; 1 for grey (ITU-R 601 weights); None keeps 1, 3 or 4 as found.
        background: grey in [0, 1] laid under transparent pixels when their alpha is to go.

    Returns:
        float32 in [0, 1], first row on top.

    Raises:
        BadInput: missing, empty, not a picture, broken, or more than 50 megapixels.
    """
    image = torch.from_numpy(np.ascontiguousarray(read_pixels(path).transpose(2, 0, 1)))
    return image if channels is None else _with_channels(image, channels, background)


def _with_channels(image: Tensor, channels: int, background: float) -> Tensor:
    if channels not in (1, 3, 4):
        raise ValueError(f"channels must be 1, 3 or 4, got {channels}")
    if channels == 4:
        if len(image) == 4:
            return image
        return torch.cat([image.expand(3, -1, -1), torch.ones_like(image[:1])])
    if len(image) == 4:
        image = image[:3] * image[3:] + background * (1 - image[3:])
    if channels == 3:
        return image.expand(3, -1, -1).contiguous()
    if len(image) == 1:
        return image
    weights = image.new_tensor(GREY_WEIGHTS)
    return (weights[:, None, None] * image).sum(0, keepdim=True)


def load_mask(path: str | PathLike[str], threshold: float = 0.5) -> Bool[Tensor, "1 height width"]:
    """Read an object mask: the alpha channel where a picture has one that varies, else its brightness.

    Raises:
        BadInput: as `load_image`; or no pixel is above `threshold` (an all-black mask).
    """
    return torch.from_numpy(mask_in(read_pixels(path), path, threshold))[None]


def save_image(image: Tensor, path: str | PathLike[str]) -> None:
    """Write a picture; the suffix says how (.png, .jpg, .webp, .bmp, .tif). It appears whole or not at all.

    Args:
        image: (C, H, W) with C 1, 3 or 4, or (H, W); float in [0, 1] (clamped; NaN becomes 0), or bool.
        path: the file to write or replace.

    Raises:
        BadInput: unknown suffix, or a place that cannot be written to.
        ValueError: wrong shape.
    """
    if image.dim() == 2:
        image = image[None]
    if image.dim() != 3 or len(image) not in (1, 3, 4):
        raise ValueError(f"an image must be (C, H, W) with 1, 3 or 4 channels, got {tuple(image.shape)}")
    kind = _FORMATS.get(Path(fspath(path)).suffix.lower())
    if kind is None:
        raise BadInput(path, f"unknown kind of picture; use one of {', '.join(sorted(_FORMATS))}")
    if kind in ("JPEG", "BMP") and len(image) == 4:
        image = _with_channels(image.float(), 3, 1.0)
    pixels = image.detach().cpu().float().nan_to_num(0.0).clamp(0, 1).mul(255).round().byte()
    array = pixels.permute(1, 2, 0).numpy()
    picture = Image.fromarray(np.ascontiguousarray(array[..., 0] if array.shape[2] == 1 else array))
    with as_bad_input(path, OSError, say="cannot be written"), replacing(path) as file:
        picture.save(file, format=kind, **({"quality": 95} if kind in ("JPEG", "WEBP") else {}))


def save_deep_image(image: Float[Tensor, "1 height width"], path: str | PathLike[str]) -> None:
    """Write a grey PNG of 16 bits; it appears whole or not at all.

    Args:
        image: in [0, 1], clamped; NaN becomes 0.
        path: the file to write or replace.

    Raises:
        BadInput: a place that cannot be written to.
    """
    shades = image.detach().cpu().double().nan_to_num(0.0).clamp(0, 1).mul(65535).round()
    picture = Image.fromarray(shades[0].numpy().astype(np.uint16))
    with as_bad_input(path, OSError, say="cannot be written"), replacing(path) as file:
        picture.save(file, format="PNG")
