"""How clearly a mask's outline separates colours."""

import cv2
import numpy as np

_GAP = 2  # pixels between the outline and the places on both sides of it that are compared
_WINDOW = 9  # pixels a side of the means that are compared


def outline_contrast(pixels: np.ndarray, mask: np.ndarray) -> float:
    """Median difference of colour (largest channel) between both sides of a mask's outline.

    Args:
        pixels: (H, W, 3) float32 colours in [0, 1].
        mask: (H, W) booleans.

    Returns:
        The difference, in [0, 1]; 0 where the mask has no outline inside the picture.
    """
    solid = mask.astype(np.uint8)
    kernel = np.ones((2 * _GAP + 1, 2 * _GAP + 1), np.uint8)
    outline = (cv2.dilate(solid, np.ones((3, 3), np.uint8)) > 0) & ~mask
    inside, near = _mean_colour(pixels, solid)
    outside, here = _mean_colour(pixels, cv2.dilate(solid, kernel) - solid)
    known = outline & near & here
    return float(np.median(np.abs(inside - outside).max(axis=-1)[known])) if known.any() else 0.0


def _mean_colour(pixels: np.ndarray, region: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean colour of a region around each pixel, and whether there is any of it."""
    weight = cv2.blur(region.astype(np.float32), (_WINDOW, _WINDOW))
    colour = cv2.blur(pixels * region[..., None], (_WINDOW, _WINDOW))
    return colour / np.maximum(weight, 1e-6)[..., None], weight > 1e-4
