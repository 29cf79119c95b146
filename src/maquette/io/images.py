"""Pictures in and out, strictly: every problem with a file is a `BadInput`."""

import warnings
from io import BytesIO
from os import PathLike, fspath
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from .atomic import replacing
from .errors import BadInput, ParseError, as_bad_input

LARGEST_PIXELS = 64_000_000
_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP", ".tif": "TIFF",
            ".tiff": "TIFF"}  # fmt: skip


def _open(data: bytes) -> Image.Image:
    """Read a picture's header; its pixels are decoded only after the size was found acceptable."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            picture = Image.open(BytesIO(data))
        except Image.DecompressionBombError:
            raise ParseError(f"the picture has more than {LARGEST_PIXELS // 10**6} megapixels") from None
        except UnidentifiedImageError:
            raise ParseError("not a picture in a known format") from None
    width, height = picture.size
    if width * height > LARGEST_PIXELS:
        raise ParseError(
            f"the picture is {width} x {height}; at most {LARGEST_PIXELS // 10**6} megapixels are read"
        )
    return picture


def _to_array(picture: Image.Image) -> np.ndarray:
    """Pixels as (H, W, C) float32 in [0, 1]: C is 1 (grey), 3 (RGB) or 4 (RGBA)."""
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, np.float32)[..., None]
        return values if picture.mode == "F" else values / 65535
    if picture.mode in ("LA", "La", "PA", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    elif picture.mode == "1":
        picture = picture.convert("L")
    elif picture.mode not in ("L", "RGB", "RGBA"):
        picture = picture.convert("RGB")
    array = np.asarray(picture, np.float32) / 255
    return array[..., None] if array.ndim == 2 else array


def decode_image(data: bytes) -> np.ndarray:
    """Decode a picture held in memory, upright by its EXIF orientation.

    Returns:
        (H, W, C) float32 in [0, 1], first row on top; C is 1, 3 or 4.

    Raises:
        ParseError: not a picture, more than 64 megapixels (judged by the header, before decoding), or broken.
    """
    try:
        picture = _open(data)
        array = _to_array(ImageOps.exif_transpose(picture))
    except ParseError:
        raise
    except Exception as error:  # decoders raise whatever they like on broken data
        raise ParseError(f"the picture cannot be decoded: {error}") from error
    if not np.isfinite(array).all() or array.min(initial=0) < 0 or array.max(initial=0) > 1:
        raise ParseError("pixel values outside 0..1")
    return array


def read_file(path: str | PathLike) -> bytes:
    """The content of a file that is there and not empty; else `BadInput`."""
    if Path(path).is_dir():
        raise BadInput(path, "is a folder, not a file")
    with as_bad_input(path, OSError, ValueError):
        data = Path(path).read_bytes()
    if not data:
        raise BadInput(path, "the file is empty")
    return data


def image_size(path: str | PathLike) -> tuple[int, int]:
    """(width, height) of an upright picture, from its header alone. `BadInput` when there is none."""
    with as_bad_input(path, ParseError):
        picture = _open(read_file(path))
    width, height = picture.size
    with as_bad_input(path, Exception, say="the picture cannot be decoded"):
        turned = picture.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    return (height, width) if turned else (width, height)


def load_image(
    path: str | PathLike, channels: int | None = None, background: float = 1.0
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
        BadInput: missing, empty, not a picture, broken, or more than 64 megapixels.
    """
    with as_bad_input(path, ParseError):
        array = decode_image(read_file(path))
    image = torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))
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
    weights = image.new_tensor([0.299, 0.587, 0.114])
    return (weights[:, None, None] * image).sum(0, keepdim=True)


def load_mask(path: str | PathLike, threshold: float = 0.5) -> Bool[Tensor, "1 height width"]:
    """Read an object mask: the alpha channel where a picture has one that varies, else its brightness.

    Raises:
        BadInput: as `load_image`; or no pixel is above `threshold` (an all-black mask).
    """
    image = load_image(path)
    has_alpha = len(image) == 4 and bool((image[3] < 1).any())
    mask = (image[3:] if has_alpha else _with_channels(image[:3], 1, 0.0)) > threshold
    if not bool(mask.any()):
        raise BadInput(path, "the mask is all black")
    return mask


def save_image(image: Tensor, path: str | PathLike) -> None:
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
