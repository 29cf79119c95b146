"""A head that fills the picture, cut out: a face says where head and shoulders are, and colours where they end."""

import numpy as np
import torch

from .faces import find_faces
from .seeded import BACKGROUND, OBJECT, PERHAPS, PERHAPS_NOT, grabcut, pieces_with

_SMALLEST = 0.35  # of the picture's shorter side, that a face is looked for down to
_FILLS = 0.15  # of the picture's area, that the box of its face fills at least
_FACE = (0.42, 0.46)  # half axes of what surely is the face, in widths and heights of its box
_HEAD = (0.62, 0.75)  # half axes of what may be the head
_HAIR = 0.12  # heights of the box, that the head's middle lies above the face's
_FAR = 0.85  # half axes of what is no further than a head can be, above the chin
_CHIN = 0.1  # heights of the box, that the chin lies above its edge
_NECK, _SLOPE = (
    0.45,
    1.2,
)  # widths of the box: half a neck, and what half a body is wider a height further down
_THROAT = 0.25  # half the width of what surely is the throat
_UNDER = 0.2  # heights of the box above the chin, where the throat begins
_ROUNDS = 2


def head_mask(pixels: np.ndarray, told: np.ndarray, least: float) -> tuple[np.ndarray, float] | None:
    """Head and shoulders of the face that fills a picture, by GrabCut.

    The network that ships learned from things, and of a head it takes patches of the face. A face tells what is
    around it: an ellipse surely is of it, one around it may be, as what widens from the chin down may; above the chin
    nothing far away is. Of something large that stands before a face the network sees more, and mostly that stays.

    Args:
        pixels: (H, W, 3) float32 colours in [0, 1].
        told: (H, W) probability of the object at each pixel, by the network.
        least: mean of it, over what surely is the face, from which the picture is about the face.

    Returns:
        (H, W) booleans; and in [0, 1] how sure the face is, times the IoU of the cut and what was expected, to the
        power of three. None where no face fills .15 of the picture, or the picture is not about it.
    """
    image = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)
    faces = find_faces(image, smallest=_SMALLEST)
    face = max(faces, key=lambda face: face.area, default=None)
    if face is None or face.area < _FILLS * told.size:
        return None
    labels = head_labels(told.shape, face.box)
    if float(told[labels == OBJECT].mean()) < least:
        return None
    cut = grabcut(np.round(pixels[..., ::-1] * 255).astype(np.uint8), labels, _ROUNDS)
    if cut is None:
        return None
    cut = pieces_with(cut, labels == OBJECT)
    expected = (labels == OBJECT) | (labels == PERHAPS)
    return cut, face.score * float((cut & expected).sum() / (cut | expected).sum()) ** 3


def head_labels(size: tuple[int, ...], box: tuple[float, float, float, float]) -> np.ndarray:
    """GrabCut's labels of a picture of somebody.

    Args:
        size: height and width of the picture.
        box: left, top, right and bottom of the face in it, from the hairline to the chin.
    """
    left, top, right, bottom = box
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    x = (x - (left + right) / 2) / (right - left)
    y, below = (y - (top + bottom) / 2) / (bottom - top), (y - bottom) / (bottom - top) + _CHIN
    labels = np.full(x.shape, PERHAPS_NOT, np.uint8)
    labels[(np.hypot(x, y) > _FAR) & (below < -_UNDER)] = BACKGROUND
    body = (below > 0) & (np.abs(x) < _NECK + _SLOPE * below)
    labels[body | (np.hypot(x / _HEAD[0], (y + _HAIR) / _HEAD[1]) < 1)] = PERHAPS
    throat = (below > -_UNDER) & (np.abs(x) < _THROAT)
    labels[throat | (np.hypot(x / _FACE[0], y / _FACE[1]) < 1)] = OBJECT
    return labels
