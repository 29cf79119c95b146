"""Whatever a person has as a picture or a mask, as a tensor: files and their bytes, Pillow's, NumPy's, torch's."""

from os import PathLike, fspath
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from .errors import ParseError, as_bad_input
from .image_files import decode_image, mask_in, picture_pixels, read_pixels
from .local_path import local_path

_CHANNELS = (1, 3, 4)
_BYTE = 255
_KINDS = "a file, its bytes, a Pillow picture, an array or a tensor"


def is_single(picture: Any) -> bool:
    """Whether something is one picture, not several."""
    if isinstance(picture, np.ndarray | Tensor):
        return picture.ndim <= 3
    return isinstance(picture, str | PathLike | bytes | bytearray | memoryview | Image.Image)


def picture_tensor(picture: Any, name: str | None = None) -> Float[Tensor, "channel height width"]:
    """A picture as a tensor.

    Args:
        picture: a file (path or `file:` address), a file's bytes, a Pillow picture of any mode, or an array or tensor
            of shape (H, W), (H, W, C) or (C, H, W) with C 1, 3 or 4; where both are possible arrays have C last and
            tensors first. Whole numbers without sign count to their type's largest, those with a sign to 255; floats
            lie in [0, 1]; True is 1.
        name: by which errors call it.

    Returns:
        float32 in [0, 1] with 1, 3 or 4 channels, first row on top; on the device of a tensor.

    Raises:
        BadInput: a file or bytes that are no picture, or an address of another machine.
        ValueError: something else, or shapes or values that are not those of pictures.
    """
    called = name or (fspath(picture) if isinstance(picture, str | PathLike) else "the picture")
    if isinstance(picture, Tensor):
        return _in_range(_channels_first(picture, called, tensor=True), called)
    if isinstance(picture, np.ndarray):
        return _in_range(_channels_first(_as_tensor(picture, called), called, tensor=False), called)
    return torch.from_numpy(np.ascontiguousarray(_pixels(picture, called).transpose(2, 0, 1)))


def mask_tensor(mask: Any, name: str | None = None) -> Float[Tensor, "1 height width"]:
    """A mask as a tensor: of whatever `picture_tensor` takes, by transparency where that varies, else by brightness.

    Masks of two values, such as 0 and 1 in bytes, show the object where the larger one is.

    Returns:
        float32, 1 on the object and 0 elsewhere; floats of one channel stay as soft as they are.

    Raises:
        BadInput: as `picture_tensor`, or a mask that shows nothing.
        ValueError: as `picture_tensor`.
    """
    called = name or (fspath(mask) if isinstance(mask, str | PathLike) else "the mask")
    pixels = picture_tensor(mask, called)
    soft = isinstance(mask, np.ndarray | Tensor) and len(pixels) == 1
    if soft and (bool((pixels > 0.5).any()) or not bool((pixels > 0).any())):
        return pixels
    return torch.from_numpy(mask_in(pixels.permute(1, 2, 0).cpu().numpy(), called))[None].to(pixels)


def _pixels(picture: Any, name: str) -> np.ndarray:
    """(H, W, C) floats of what is no array."""
    if isinstance(picture, str | PathLike):
        return read_pixels(local_path(picture))
    with as_bad_input(name, ParseError):
        if isinstance(picture, bytes | bytearray | memoryview):
            return decode_image(bytes(picture))
        if isinstance(picture, Image.Image):
            return picture_pixels(picture)
    raise ValueError(f"{name} must be {_KINDS}, got {type(picture).__name__}")


def _as_tensor(array: np.ndarray, name: str) -> Tensor:
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} must hold numbers, got an array of {array.dtype}")
    if array.dtype.kind == "u":
        return torch.from_numpy(array / np.float32(np.iinfo(array.dtype).max))
    return torch.from_numpy(np.array(array, dtype=np.float32 if array.dtype.kind == "f" else None))


def _channels_first(pixels: Tensor, name: str, tensor: bool) -> Tensor:
    if pixels.ndim == 2:
        return pixels[None]
    first, last = (pixels.ndim == 3 and pixels.shape[i] in _CHANNELS for i in (0, -1))
    if not (first or last):
        shape = tuple(pixels.shape)
        raise ValueError(f"{name} must have 1, 3 or 4 channels and two axes, got shape {shape}")
    return pixels if first and (tensor or not last) else pixels.permute(2, 0, 1)


def _in_range(pixels: Tensor, name: str) -> Float[Tensor, "channel height width"]:
    """Floats in [0, 1]; contiguous where they were not."""
    if pixels.is_complex():
        raise ValueError(f"{name} must hold real numbers, got {pixels.dtype}")
    scaled = pixels.float()
    if not (pixels.is_floating_point() or pixels.dtype == torch.bool):
        scaled = scaled / (torch.iinfo(pixels.dtype).max if pixels.dtype == torch.uint16 else _BYTE)
    low, high = (float(end) for end in torch.aminmax(scaled)) if scaled.numel() else (0.0, 0.0)
    if not (low >= 0 and high <= 1):
        hint = "; divide it by 255" if pixels.is_floating_point() and low >= 0 and high <= _BYTE else ""
        raise ValueError(f"{name} must lie in [0, 1], got values from {low:g} to {high:g}{hint}")
    return scaled.contiguous()
