"""Changes of brightness, contrast, saturation and hue, as one matrix and one offset a picture."""

import numpy as np
from jaxtyping import Float

from ..io.image_files import GREY_WEIGHTS

DRAWS = 4
_REACH = np.array([0.3, 0.25, 0.4])  # of brightness, contrast and saturation at strength 1
_MIDDLE = 0.4  # kept by contrast; with a higher one dark objects would drown in black
_HUE_TURNS = 0.08
_Numbers = Float[np.ndarray, "picture 4"]


def jitter_matrices(
    numbers: _Numbers, strength: float
) -> tuple[Float[np.ndarray, "picture 3 3"], Float[np.ndarray, "picture 3"]]:
    """Matrices M and offsets o that turn a colour c into M c + o.

    Brightness multiplies; contrast stretches around grey 0.4; saturation blends with the colour's own grey; hue
    turns around the grey axis.

    Args:
        numbers: in [0, 1), one each for brightness, contrast, saturation and hue.
        strength: 1 changes the first three by up to 30, 25 and 40 % and the hue by up to 29 degrees; 0 changes
            nothing.
    """
    change = 2 * numbers - 1
    brightness, contrast, saturation = (1 + strength * _REACH * change[:, :3]).T[:, :, None, None]
    grey = np.tile(GREY_WEIGHTS, (3, 1))
    saturated = saturation * np.eye(3) + (1 - saturation) * grey
    matrices = brightness * contrast * (_hue_turns(strength * _HUE_TURNS * change[:, 3]) @ saturated)
    return matrices, np.repeat(_MIDDLE * (1 - contrast[:, 0]), 3, axis=1)


def _hue_turns(turns: Float[np.ndarray, " picture"]) -> Float[np.ndarray, "picture 3 3"]:
    """Rotations around (1, 1, 1), by Rodrigues' formula."""
    axis = np.full(3, 3**-0.5)
    across = np.cross(np.eye(3), axis)
    angle = (2 * np.pi * turns)[:, None, None]
    turned: np.ndarray = (
        np.cos(angle) * np.eye(3) + np.sin(angle) * across + (1 - np.cos(angle)) * np.outer(axis, axis)
    )
    return turned
