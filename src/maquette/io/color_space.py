"""sRGB to linear light and back (IEC 61966-2-1)."""

import numpy as np


def srgb_to_linear(colors: np.ndarray) -> np.ndarray:
    """Colours in [0, 1] as screens take them, to amounts of light; float32."""
    c = np.clip(np.asarray(colors, np.float64), 0, 1)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear_to_srgb(colors: np.ndarray) -> np.ndarray:
    """Amounts of light in [0, 1] to colours as screens take them; float32."""
    c = np.clip(np.asarray(colors, np.float64), 0, 1)
    return np.where(c <= 0.0031308, 12.92 * c, 1.055 * c ** (1 / 2.4) - 0.055).astype(np.float32)
