"""Which axis of the world is up, where a file of cameras does not say it."""

from collections.abc import Sequence

import numpy as np

from .cameras_parse import ViewData


def mean_up(views: Sequence[ViewData]) -> np.ndarray:
    """(3,) mean of where up is in the pictures, in the world; its length in [0, 1] says how well they agree."""
    mean: np.ndarray = np.mean([-view.R[1] for view in views], axis=0)
    return mean


def guessed_up(views: Sequence[ViewData]) -> str:
    """The axis, such as "+Y", that is nearest to the mean of where up is in the pictures."""
    mean = mean_up(views)
    axis = int(np.abs(mean).argmax())
    return ("+" if mean[axis] >= 0 else "-") + "XYZ"[axis]
