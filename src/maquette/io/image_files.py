"""What a picture file holds, as arrays; every problem with a file is a `BadInput`. Does without torch."""

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from os import PathLike

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import BadInput, ParseError, as_bad_input
from .files import read_file
from .png_rows import holds_rows, may_hold_rows

LARGEST_PIXELS, LARGEST_REDUCED = (
    50_000_000,
    64_000_000,
)  # of pictures made floats whole, and of those made smaller
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
VIDEO_SUFFIXES = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v")
_BAND = 1 << 20  # pixels made floats at once
_PROGRAMS = ("EPS",)  # would be run by an interpreter, if there is one
_EXIF, _FOCAL_IN_35_MM, _ORIENTATION = 0x8769, 0xA405, 0x0112
_FILM = math.hypot(36, 24)  # mm, the diagonal
_FOCALS = (5.0, 3000.0)  # mm of film: below are fisheyes and mistakes, above are telescopes
GREY_WEIGHTS = (0.299, 0.587, 0.114)  # ITU-R 601
_NOWHERE = logging.NullHandler()


@contextmanager
def _decoding() -> Iterator[None]:
    """Turn whatever decoders raise on broken data into `ParseError`; they print nothing."""
    logging.getLogger("PIL").addHandler(_NOWHERE)  # without any handler, errors are printed
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        try:
            yield
        except ParseError:
            raise
        except Image.DecompressionBombError:
            raise ParseError(f"the picture has more than {LARGEST_REDUCED // 10**6} megapixels") from None
        except UnidentifiedImageError:
            raise ParseError("not a picture in a known format") from None
        except Exception as error:
            raise ParseError(f"the picture cannot be decoded: {error}") from error


def _open(data: bytes, most: int = LARGEST_REDUCED) -> Image.Image:
    """Read a header, within `_decoding`; the pixels are decoded only after the size was found acceptable."""
    picture = Image.open(BytesIO(data))
    if picture.format in _PROGRAMS:
        raise ParseError("not a picture in a known format")
    width, height = picture.size
    if width * height > most:
        raise ParseError(f"the picture is {width} x {height}; at most {most / 1e6:.3g} megapixels are read")
    if picture.format == "PNG" and not may_hold_rows(data):
        raise ParseError("the picture has fewer rows than its header says")
    return picture


def _load(data: bytes, most: int, largest: int | None = None) -> Image.Image:
    """Decode the pixels, within `_decoding`; JPEG at a half, a quarter or an eighth where `largest` allows it."""
    picture = _open(data, most)
    if largest is not None:
        picture.draft(None, (largest, largest))
    picture.load()
    if picture.format == "PNG":
        last = picture.crop((0, picture.height - 1, *picture.size))
        if not np.asarray(last).any() and not holds_rows(data):
            raise ParseError("the picture has fewer rows than its header says")
    return picture


def _is_deep(picture: Image.Image) -> bool:
    return picture.mode.startswith("I") or picture.mode == "F"


def _in_plain_mode(picture: Image.Image) -> Image.Image:
    """The picture in grey, RGB or RGBA bytes; one of more than eight bits a channel as it is."""
    if _is_deep(picture):
        return picture
    if picture.mode in ("LA", "La", "PA", "RGBa") or "transparency" in picture.info:
        return picture.convert("RGBA")
    if picture.mode in ("L", "RGB", "RGBA"):
        return picture
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _to_array(picture: Image.Image) -> np.ndarray:
    """Pixels as (H, W, C) float32 in [0, 1]: C is 1 (grey), 3 (RGB) or 4 (RGBA)."""
    array = np.empty((picture.height, picture.width, len(picture.getbands())), np.float32)
    step = max(1, _BAND // picture.width)
    for top in range(0, picture.height, step):
        band = picture.crop((0, top, picture.width, min(top + step, picture.height)))
        array[top : top + step] = np.asarray(band).reshape(-1, *array.shape[1:])
    if picture.mode != "F":
        array /= 65535 if _is_deep(picture) else 255
    if _is_deep(picture) and (not np.isfinite(array).all() or array.min() < 0 or array.max() > 1):
        raise ParseError("pixel values outside 0..1")
    return array


def _upright(picture: Image.Image, largest: int | None) -> Image.Image:
    """A picture turned by its EXIF orientation and averaged over areas where it has more than `largest` pixels a
    side, before it is made floats."""
    ImageOps.exif_transpose(picture, in_place=True)
    picture = _in_plain_mode(picture)
    if largest is None or max(picture.size) <= largest or _is_deep(picture):
        return picture
    return picture.resize(_size_within(picture.size, largest), Image.Resampling.BOX)


def _size_within(size: tuple[int, int], largest: int) -> tuple[int, int]:
    scale = min(largest / max(size), 1.0)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _shrink(array: np.ndarray, largest: int) -> np.ndarray:
    """Pixels averaged over areas so that the longer side has at most `largest`."""
    import cv2

    height, width, channels = array.shape
    size = _size_within((width, height), largest)
    if size == (width, height):
        return array
    small = cv2.resize(array, size, interpolation=cv2.INTER_AREA)
    return np.clip(small, 0, 1).reshape(size[1], size[0], channels)


def decode_image(data: bytes, largest: int | None = None) -> np.ndarray:
    """Decode a picture held in memory, upright by its EXIF orientation.

    Args:
        data: content of the file.
        largest: pixels of the longer side to which a larger picture is reduced; None leaves its size.

    Returns:
        (H, W, C) float32 in [0, 1], first row on top; C is 1, 3 or 4.

    Raises:
        ParseError: not a picture, more than 50 megapixels, or 64 where it is reduced (judged by the header, before
            decoding), or broken.
    """
    with _decoding():
        most = LARGEST_PIXELS if largest is None else LARGEST_REDUCED
        array = _to_array(_upright(_load(data, most, largest), largest))
    return array if largest is None else _shrink(array, largest)


def decode_texture(data: bytes, most: int = LARGEST_PIXELS) -> np.ndarray:
    """Decode a texture held in memory, as stored: its coordinates are those of pixels that EXIF has not turned.

    Args:
        data: content of the file.
        most: pixels that it may have.

    Returns:
        (H, W, 3) float32 in [0, 1], first row on top; transparency is dropped.

    Raises:
        ParseError: as `decode_image`.
    """
    with _decoding():
        picture = _in_plain_mode(_load(data, most))
        array = _to_array(picture if _is_deep(picture) else picture.convert("RGB"))
    return np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array


def picture_pixels(picture: Image.Image) -> np.ndarray:
    """The pixels of a Pillow picture in any mode, as `decode_image` gives those of a file; `ParseError` likewise."""
    with _decoding():
        width, height = picture.size
        if width * height > LARGEST_PIXELS:
            raise ParseError(
                f"the picture is {width} x {height}; at most {LARGEST_PIXELS // 10**6} megapixels"
            )
        picture.load()
        return _to_array(_in_plain_mode(ImageOps.exif_transpose(picture)))


def read_pixels(path: str | PathLike[str], largest: int | None = None) -> np.ndarray:
    """The pixels of a picture file, as `decode_image` gives them; `BadInput` when there is none."""
    data = read_file(path)
    with as_bad_input(path, ParseError):
        return decode_image(data, largest)


def png_bytes(pixels: np.ndarray) -> bytes:
    """A PNG file of pixels (H, W, 3), clamped to [0, 1]."""
    picture = Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    with BytesIO() as file:
        picture.save(file, format="PNG")
        return file.getvalue()


def image_size(path: str | PathLike[str]) -> tuple[int, int]:
    """(width, height) of an upright picture, from its header alone. `BadInput` when there is none."""
    width, height, orientation = _header(path)
    return (height, width) if orientation in (5, 6, 7, 8) else (width, height)


def image_orientation(path: str | PathLike[str]) -> int:
    """EXIF's number of how a stored picture is to be turned: 1, not at all, to 8. `BadInput` when there is none."""
    return _header(path)[2]


def _header(path: str | PathLike[str]) -> tuple[int, int, int]:
    """Width and height as stored, and EXIF's orientation."""
    data = read_file(path)
    with as_bad_input(path, ParseError), _decoding():
        picture = _open(data)
        said = picture.getexif().get(_ORIENTATION, 1)
        return *picture.size, said if said in range(1, 9) else 1


def image_fov(path: str | PathLike[str]) -> float | None:
    """Degrees along the longer side of a picture, as its camera says in EXIF; None where it says nothing of use.

    The focal length is the one that on film of 36 x 24 mm has the same view: along the diagonal, since pictures have
    other proportions. `BadInput` when there is no picture.
    """
    data = read_file(path)
    with as_bad_input(path, ParseError), _decoding():
        picture = _open(data)
        width, height = picture.size
        try:
            focal = float(picture.getexif().get_ifd(_EXIF).get(_FOCAL_IN_35_MM, 0))
        except Exception:  # whatever a broken directory raises: the picture is one all the same
            return None
    if not _FOCALS[0] <= focal <= _FOCALS[1]:
        return None
    return math.degrees(2 * math.atan(max(width, height) / math.hypot(width, height) * _FILM / 2 / focal))


def mask_in(array: np.ndarray, path: str | PathLike[str], threshold: float = 0.5) -> np.ndarray:
    """The object mask in a decoded picture: its alpha where that varies, else its brightness.

    Where nothing is above the threshold the brightness counts as a share of its largest: masks of 0 and 1 in
    bytes, or of 0 to 255 in larger numbers, are as they were meant.

    Args:
        array: (H, W, C) as `decode_image` gives it.
        path: file that it came from.
        threshold: pixels above it belong to the object.

    Returns:
        (H, W) booleans.

    Raises:
        BadInput: every pixel is black.
    """
    if array.shape[2] == 4 and (array[..., 3] <= threshold).any():
        values = array[..., 3]
    elif array.shape[2] == 1:
        values = array[..., 0]
    else:
        values = array[..., :3] @ np.array(GREY_WEIGHTS, np.float32)
    if (largest := values.max(initial=0)) <= threshold:
        if largest <= 0:
            raise BadInput(path, "the mask is all black")
        values = values / largest
    mask: np.ndarray = values > threshold
    return mask
