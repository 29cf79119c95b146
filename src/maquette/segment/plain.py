"""The object in front of a plain background: one colour, a soft gradient, or a studio's soft shadows."""

import cv2
import numpy as np
from scipy import ndimage

from .pieces import large_pieces

_BAND = 0.015  # width of the border that shows the background, as a share of the longer side
_REWEIGHTED = 8  # rounds of the first, robust fit
_WEIGHTED_ALIKE = 0.01  # differences below it weigh alike in that fit
_NARROWEST, _WIDEST = 0.035, 0.10  # difference from the background (largest channel) that makes an object
_NOISE = 5.0  # that difference in robust standard deviations of the border
_NOISIEST = 0.024  # robust standard deviation of a border that still counts as plain
_ROUNDS = 3
_AGREES = 0.6  # share of the border that the background must explain
_SIDE_AGREES = 0.5  # share of a side for the side to count as background; three sides must
_DARKEST = 0.55  # of the background's brightness, still a shadow
_TINT = 0.025  # largest difference of colour between shadow and darkened background
_STEP = 0.012  # largest step of brightness a pixel inside a soft shadow, at 512 pixels along the longer side
_STEEPEST = 0.02  # and in smaller pictures, where shadows are steeper
_PIECE = 0.03  # of the largest piece, for another piece to belong to the object
_HOLE = 4e-4  # of the picture; smaller holes are filled
_JUDGED = (0.6, 2.0)  # times the tolerance, with which a right mask stays what it is
_EATEN = 0.65  # share of the object that shadows may take away


def plain_mask(pixels: np.ndarray) -> np.ndarray | None:
    """The object in front of a plain background.

    The background is a gradient with a vignette in each channel, fitted robustly to the border of the picture.
    What differs is the object, except soft shadows: darker pixels of the background's tint that are reached
    from it without a sharp step. Holes that show the background stay open.

    Args:
        pixels: (H, W, 3) float32 colours in [0, 1].

    Returns:
        (H, W) booleans; None when the border is not plain or nothing stands out.
    """
    fitted = _fit_background(pixels)
    return None if fitted is None else _before(pixels, *fitted)


def plain_steadiness(pixels: np.ndarray) -> float:
    """How little of a picture's mask depends on what counts as background: parts of its colour come and go with that.

    Args:
        pixels: (H, W, 3) as `plain_mask` takes them.

    Returns:
        In [0, 1]: the IoU of the mask with that of a smaller tolerance, times that with one of a larger; 0 where
        there is no mask.
    """
    fitted = _fit_background(pixels)
    if fitted is None:
        return 0.0
    background, tolerance = fitted
    mask, *others = (_before(pixels, background, scale * tolerance) for scale in (1.0, *_JUDGED))
    ious = [0 if mask is None or m is None else (mask & m).sum() / (mask | m).sum() for m in others]
    return float(np.prod(ious))


def _before(pixels: np.ndarray, background: np.ndarray, tolerance: float) -> np.ndarray | None:
    """What differs from the background by more than a tolerance, without shadows; None where nothing does."""
    difference = np.abs(pixels - background).max(axis=-1)
    outside = _reachable(difference <= tolerance)
    shadow = _soft_shadow(pixels, background, outside)
    object_, lit = ~outside, ~(outside | shadow)
    if lit.sum() >= (1 - _EATEN) * object_.sum():
        object_ = lit
    return large_pieces(object_, _PIECE, np.ones((3, 3)))


def _fit_background(pixels: np.ndarray) -> tuple[np.ndarray, float] | None:
    """The background's colour everywhere and the largest difference that still belongs to it."""
    border = _border(pixels.shape[:2])
    basis = _basis(pixels.shape[:2])
    known, colours = basis[border], pixels[border]
    model = _robust_fit(known, colours)
    for _ in range(_ROUNDS):
        off = np.abs(colours - known @ model).max(axis=-1)
        spread = 1.4826 * float(np.median(off[off <= _WIDEST])) if (off <= _WIDEST).any() else np.inf
        if spread > _NOISIEST:
            return None
        tolerance = float(np.clip(_NOISE * spread, _NARROWEST, _WIDEST))
        inlier = off <= tolerance
        if not _is_plain(border, inlier):
            return None
        model = np.linalg.lstsq(known[inlier], colours[inlier], rcond=None)[0]
    background = np.clip(basis @ model, 0, 1).astype(np.float32)
    return background, tolerance


def _robust_fit(known: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Coefficients (5, 3) of the smallest sum of absolute differences, by reweighted least squares."""
    off = np.abs(colours - np.median(colours, axis=0)).max(axis=-1)
    for _ in range(_REWEIGHTED):
        weight = np.sqrt(1 / (off + _WEIGHTED_ALIKE))[:, None]
        model: np.ndarray = np.linalg.lstsq(weight * known, weight * colours, rcond=None)[0]
        off = np.abs(colours - known @ model).max(axis=-1)
    return model


def _border(size: tuple[int, int]) -> np.ndarray:
    width = max(1, round(_BAND * max(size)))
    border = np.ones(size, bool)
    border[width:-width, width:-width] = False
    return border


def _basis(size: tuple[int, int]) -> np.ndarray:
    """(H, W, 5) polynomials of the place in [-1, 1]: a gradient, and brightness that falls towards the corners."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, n, dtype=np.float32) for n in size), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * y, x * x + y * y], axis=-1)


def _is_plain(border: np.ndarray, inlier: np.ndarray) -> bool:
    """Whether most of the border, and most of at least three of its sides, are background."""
    good = np.zeros(border.shape, bool)
    good[border] = inlier
    sides = (good[0], good[-1], good[:, 0], good[:, -1])
    return bool(inlier.mean() >= _AGREES and sum(side.mean() >= _SIDE_AGREES for side in sides) >= 3)


def _reachable(like_background: np.ndarray) -> np.ndarray:
    """Background connected to the border, and holes large enough to be looked through."""
    labels, count = ndimage.label(like_background)
    if count == 0:
        return np.zeros_like(like_background)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    open_ = sizes >= max(4, _HOLE * like_background.size)
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    open_[edge] = True
    open_[0] = False
    reached: np.ndarray = open_[labels]
    return reached


def _soft_shadow(pixels: np.ndarray, background: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """Pixels of the darkened background's colour that small steps connect to the background."""
    base = np.maximum((background * background).sum(axis=-1), 1e-6)
    ratio = (pixels * background).sum(axis=-1) / base
    tint = np.abs(pixels - ratio[..., None] * background).max(axis=-1)
    calm = cv2.GaussianBlur(ratio, (0, 0), 1.0)
    slope = np.hypot(cv2.Sobel(calm, cv2.CV_32F, 1, 0), cv2.Sobel(calm, cv2.CV_32F, 0, 1)) / 8
    step = min(_STEP * 512 / max(outside.shape), _STEEPEST)
    soft = (ratio >= _DARKEST) & (ratio <= 1.02) & (tint <= _TINT) & (slope <= step)
    shadow: np.ndarray = ndimage.binary_propagation(outside, mask=soft | outside) & ~outside
    return shadow
