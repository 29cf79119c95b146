"""A head that fills the picture, cut out: a face says where head and shoulders are, and colours where they end."""

from typing import NamedTuple

import numpy as np
import torch

from .faces import find_faces
from .seeded import BACKGROUND, OBJECT, PERHAPS, PERHAPS_NOT, grabcut, pieces_with

_SMALLEST = 0.45  # of the picture's shorter side, that a face is looked for down to
_FILLS = 0.15  # of the picture's area, that the box of its face fills at least
_FACE = (0.42, 0.46)  # half axes of what surely is the face, in widths and heights of its box
_HEAD = (0.62, 0.75)  # half axes of what may be the head
_HAIR = 0.12  # heights of the box, that the head's middle lies above the face's
_FAR = 0.85  # half axes of what is no further than a head can be, above the chin
_CHIN = 0.1  # heights of the box, that the chin lies above its edge
_NECK = 0.45  # widths of the box, of half a neck
_SLOPE = 1.2  # widths of the box, that half a body is wider a height of the box further down
_THROAT = 0.25  # half the width of what surely is the throat
_UNDER = 0.2  # heights of the box above the chin, where the throat begins
_ROUNDS = 1  # more find the same, at twice the time


class Head(NamedTuple):
    """Where the head of somebody may be whose face fills a picture.

    Attributes:
        labels: (H, W) bytes, as `seeded_masks` takes them; `OBJECT` surely is the face, or the throat.
        score: in [0, 1]; how sure the face is.
    """

    labels: np.ndarray
    score: float


def find_head(pixels: np.ndarray) -> Head | None:
    """The largest face that fills .15 of a picture or more, and what may be around it; None where there is none.

    Args:
        pixels: (H, W, 3) float32 colours in [0, 1].
    """
    image = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)
    face = max(find_faces(image, smallest=_SMALLEST), key=lambda face: face.area, default=None)
    if face is None or face.area < _FILLS * image[0].numel():
        return None
    return Head(head_labels(image.shape[1:], face.box), face.score)


def head_mask(pixels: np.ndarray, head: Head) -> tuple[np.ndarray, float] | None:
    """Head and shoulders, by GrabCut.

    The network that ships learned from things, and of a head it takes patches of the face. A face tells what is
    around it: an ellipse surely is of it, one around it may be, as what widens from the chin down may; above the chin
    nothing far away is.

    Args:
        pixels: (H, W, 3) float32 colours in [0, 1].
        head: in them.

    Returns:
        (H, W) booleans, and their IoU with what was expected; None where nothing, or all, may be of the head.
    """
    labels = head.labels
    cut = grabcut(np.round(pixels[..., ::-1] * 255).astype(np.uint8), labels, _ROUNDS)
    if cut is None:
        return None
    cut = pieces_with(cut, labels == OBJECT)
    expected = (labels == OBJECT) | (labels == PERHAPS)
    return cut, float((cut & expected).sum() / (cut | expected).sum())


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
