"""The object in an ordinary photograph, by GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004) from OpenCV."""

import cv2
import numpy as np
import torch
from scipy import ndimage

from ..structures.mask_box import covered_range
from .outline import outline_contrast
from .pieces import large_pieces
from .seeded import grabcut

_INSET = 0.03  # width of the border that is background, as a share of each side
_CENTRE = 0.30  # half axes of the ellipse in the middle that is probably the object
_CORNER = 1.15  # size of the superellipse outside of which a picture that the object fills is background
_CLEAR = 0.15  # difference of colours across the outline beyond which clearer is no better
_BAR = 0.02  # spread of colours of a row or column that belongs to a bar beside the photograph
_COLOURS = 6  # clusters of the border's colours
_ITERATIONS = 5
_PIECE = 0.15  # of the largest piece, for another piece to belong to the object
_HOLE = 0.01  # of the object; smaller holes are filled
_SEED = 0


def grabcut_mask(pixels: np.ndarray) -> np.ndarray | None:
    """The object around the middle of a picture, told from the border's colours.

    Args:
        pixels: (H, W, 3) float32 colours in [0, 1].

    Returns:
        (H, W) booleans; None when nothing or everything is taken for the object.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < 8 or float(np.ptp(pixels.reshape(-1, 3), axis=0).max()) <= 4 * _BAR:
        return None
    top, bottom, left, right = without_bars(pixels)
    inner = pixels[top:bottom, left:right]
    if min(inner.shape[:2]) < 8:
        return None
    best = _best_cut(np.ascontiguousarray(inner))
    if best is None:
        return None
    mask = np.zeros((height, width), bool)
    mask[top:bottom, left:right] = best
    return mask


def without_bars(pixels: np.ndarray) -> tuple[int, int, int, int]:
    """First and last row and column (exclusive) of the picture without bars of one colour along its sides.

    Where every row is of one colour, or every column, none of them is a bar.

    Args:
        pixels: (H, W, 3) colours in [0, 1].
    """
    spreads = (torch.from_numpy(np.ptp(pixels, axis=axis).max(axis=-1)) for axis in (1, 0))
    rows, columns = (covered_range(spread > _BAR) or (0, len(spread)) for spread in spreads)
    return *rows, *columns


def _best_cut(pixels: np.ndarray) -> np.ndarray | None:
    image = np.round(pixels[..., ::-1] * 255).astype(np.uint8)
    best, best_score = None, 0.0
    for guess in (_stands_out, _fills_picture):
        mask = _cut(image, guess(image))
        score = 0.0 if mask is None else _score(pixels, mask)
        if mask is not None and score > best_score:
            best, best_score = mask, score
    return best


def _cut(image: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
    """GrabCut from a first guess."""
    cut = grabcut(image, labels, _ITERATIONS)
    return None if cut is None else _clean(cut)


def _score(pixels: np.ndarray, mask: np.ndarray) -> float:
    """How much a mask looks like an object's: a clear outline, the middle covered, large but away from the edge."""
    x, y = _places(mask.shape)
    middle = float(mask[np.hypot(x, y) < _CENTRE].mean())
    edge = float(np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean())
    clear, share = min(outline_contrast(pixels, mask), _CLEAR), float(mask.mean())
    return float(clear * middle * share**0.5 * (1 - edge) ** 3)


def _places(size: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """x and y of every pixel, in [-1, 1]."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in size), indexing="ij")
    return x, y


def _stands_out(image: np.ndarray) -> np.ndarray:
    """GrabCut's labels: the border is background; what differs from its colours, or is in the middle, is probably
    the object."""
    height, width = image.shape[:2]
    rows, columns = max(1, round(_INSET * height)), max(1, round(_INSET * width))
    border = np.ones((height, width), bool)
    border[rows:-rows, columns:-columns] = False
    lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB).astype(np.float32)
    cv2.setRNGSeed(_SEED)
    rule = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1.0)
    clusters = min(_COLOURS, int(border.sum()))
    centres = cv2.kmeans(lab[border], clusters, None, rule, 2, cv2.KMEANS_PP_CENTERS)[2]  # type: ignore[call-overload]
    distance = np.min(np.linalg.norm(lab[:, :, None] - centres, axis=-1), axis=-1)
    x, y = _places(image.shape[:2])
    score = cv2.GaussianBlur(distance / max(float(np.percentile(distance, 95)), 1.0), (0, 0), 2.0)
    likely = (score + np.exp(-2.0 * (x**2 + y**2)) > 0.9) | (np.hypot(x, y) < _CENTRE)
    labels = np.where(likely, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[border] = cv2.GC_BGD
    return labels


def _fills_picture(image: np.ndarray) -> np.ndarray:
    """GrabCut's labels for an object that fills the picture: only the corners are surely background."""
    x, y = _places(image.shape[:2])
    reach = (np.abs(x) ** 3 + np.abs(y) ** 3) ** (1 / 3)
    labels = np.where(reach < 0.9, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[reach > _CORNER] = cv2.GC_BGD
    labels[np.hypot(x, y) < _CENTRE] = cv2.GC_FGD
    return labels


def _clean(mask: np.ndarray) -> np.ndarray | None:
    """Without specks and threads, without small holes; the largest piece and those not small beside it."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    kept = large_pieces(opened, _PIECE)
    if kept is None:
        return None
    holes, count = ndimage.label(~kept)
    areas = np.bincount(holes.ravel(), minlength=count + 1)
    small = areas < _HOLE * kept.sum()
    small[0] = False
    filled: np.ndarray = kept | small[holes]
    return filled
