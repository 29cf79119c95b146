"""sRGB to linear light and back (IEC 61966-2-1), and colours as files store them."""

import numpy as np

BRIGHTEST = 1.5  # fractions beyond are meant as 0..255: some programs write them so


def srgb_to_linear(colors: np.ndarray) -> np.ndarray:
    """Colours in [0, 1] as screens take them, to amounts of light; float32."""
    c = np.clip(np.asarray(colors, np.float64), 0, 1)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear_to_srgb(colors: np.ndarray) -> np.ndarray:
    """Amounts of light in [0, 1] to colours as screens take them; float32."""
    c = np.clip(np.asarray(colors, np.float64), 0, 1)
    return np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055).astype(np.float32)


def as_fractions(colors: np.ndarray) -> np.ndarray:
    """Colours of a file's column as float32: whole numbers are parts of 255, or of 65535 where one is larger."""
    if colors.dtype.kind == "f":
        return colors.astype(np.float32)
    most = 255 if colors.dtype.itemsize == 1 or colors.max(initial=0) <= 255 else 65535
    return colors.astype(np.float32) * np.float32(1 / most)


def times_light(picture: np.ndarray, light: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) of sRGB in [0, 1] whose light is multiplied by (3,) amounts."""
    result = np.empty_like(picture)
    for row, found in zip(picture, result, strict=True):  # one by one: light is float64
        found[:] = linear_to_srgb(srgb_to_linear(row) * light)
    return result
