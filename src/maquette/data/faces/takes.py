"""How a picture of a person is taken: expression, view, light and background, from random numbers."""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from ..backgrounds import DRAWS as BACKGROUND_DRAWS
from ..backgrounds import draw_backgrounds
from ..views_config import ViewsConfig
from .model import FaceModel

_MOST_EXPRESSIONS = 6
_EXPRESSION_DRAWS = 4 * _MOST_EXPRESSIONS + 8
_VIEW_DRAWS, _LIGHT_DRAWS = 6, 4
DRAWS = _EXPRESSION_DRAWS + _VIEW_DRAWS + _LIGHT_DRAWS + BACKGROUND_DRAWS
YAW, PITCH, ROLL = (20.0, 50.0), (8.0, 20.0), (5.0, 15.0)  # degrees: standard deviation, most
SCALE = (0.0084, 0.0100)  # units of depth in a centimetre
_SHIFT = 0.006  # of the head along columns and rows, in units of depth
_BEHIND = ViewsConfig(backgrounds=("plain", "gradient", "noise", "noise"), plain=(0.0, 1.0))
_GAZE = ("eyeLookIn", "eyeLookOut", "eyeLookUp", "eyeLookDown")


class Takes(NamedTuple):
    """How each of P pictures is taken.

    Attributes:
        expression: (P, expressions) coefficients in [0, 1].
        pose: (P, 6) Unsup3D's view: rotations about x, y and z in radians, translation.
        scale: (P,) units of depth in a centimetre of the head.
        light: (P, 5) ambient, diffuse, and the direction towards the light in the head's frame, of length 1.
        kind, behind, pattern: of backgrounds (`draw_backgrounds`).
        grain: (P,) seed of the background's clouds.
    """

    expression: np.ndarray
    pose: np.ndarray
    scale: np.ndarray
    light: np.ndarray
    kind: np.ndarray
    behind: np.ndarray
    pattern: np.ndarray
    grain: np.ndarray


def takes(draws: np.ndarray, model: FaceModel) -> Takes:
    """How pictures of these random numbers, (P, `DRAWS`) in [0, 1), are taken."""
    cuts = np.cumsum([_EXPRESSION_DRAWS, _VIEW_DRAWS, _LIGHT_DRAWS])
    face, view, light, back = np.split(draws, cuts, axis=1)
    kind, behind, pattern = draw_backgrounds(back, _BEHIND, 0)
    grey = behind.mean(axis=2, keepdims=True)
    behind = grey + (behind - grey) * back[:, 11, None, None]
    grain = (back[:, 12] * 2**31).astype(np.int32)
    scale = SCALE[0] + (SCALE[1] - SCALE[0]) * view[:, 5]
    return Takes(_expressions(face, model), _poses(view), scale, _lights(light), kind, behind, pattern, grain)


def _expressions(draws: np.ndarray, model: FaceModel) -> np.ndarray:
    """A few shapes of expression at once, mostly weak; those of two sides nearly alike; and where the eyes look."""
    names = list(model.expressions)
    found = np.zeros((len(draws), len(names)))
    sided = sorted({name[:-2] for name in names if name[-2:] in ("_L", "_R")} - set(_GAZE) - {"eyeBlink"})
    single = [
        name for name in names if name[-2:] not in ("_L", "_R") and name not in ("jawOpen", "mouthClose")
    ]
    choices = [*sided, *single]
    rows = np.arange(len(draws))
    for i in range(_MOST_EXPRESSIONS):
        which, much, uneven, wanted = draws[:, 4 * i : 4 * i + 4].T
        chosen = (which * len(choices)).astype(int)
        strength = 0.65 * much * much * (wanted < 0.6)
        for row in rows[strength > 0]:
            name = choices[chosen[row]]
            for side, share in (
                (("_L", 1.0), ("_R", 0.8 + 0.4 * uneven[row])) if name in sided else (("", 1.0),)
            ):
                at = names.index(name + side)
                found[row, at] = np.minimum(found[row, at] + strength[row] * share, 1.0)
    jaw, smile, blink, across, along, closed, tilt, _ = draws[:, 4 * _MOST_EXPRESSIONS :].T
    found[:, names.index("jawOpen")] = np.where(jaw > 0.55, ((jaw - 0.55) / 0.45) ** 2 * 0.5, 0.0)
    happy = np.where(smile > 0.5, (smile - 0.5) * 1.8, 0.0)
    for side, inward in (("L", 1.0), ("R", -1.0)):
        found[:, names.index(f"mouthSmile_{side}")] += happy * (0.9 + 0.2 * tilt)
        found[:, names.index(f"cheekSquint_{side}")] += 0.4 * happy
        lid = np.where(closed < 0.05, 0.95, 0.25 * blink)
        found[:, names.index(f"eyeBlink_{side}")] = lid
        look = (2 * across - 1) * inward  # to the person's right
        found[:, names.index(f"eyeLookIn_{side}")] = np.maximum(look, 0) * 0.8
        found[:, names.index(f"eyeLookOut_{side}")] = np.maximum(-look, 0) * 0.8
        found[:, names.index(f"eyeLookUp_{side}")] = np.maximum(2 * along - 1, 0) * 0.5
        found[:, names.index(f"eyeLookDown_{side}")] = np.maximum(1 - 2 * along, 0) * 0.5
    return np.clip(found, 0, 1)


def _poses(draws: np.ndarray) -> np.ndarray:
    bells = ndtri(np.clip(draws[:, :3], 1e-9, 1 - 1e-9))
    spread = np.array([PITCH, YAW, ROLL])
    turns = np.radians(np.clip(bells * spread[:, 0], -spread[:, 1], spread[:, 1]))
    return np.concatenate([turns, (2 * draws[:, 3:5] - 1) * _SHIFT, np.zeros((len(draws), 1))], axis=1)


def _lights(draws: np.ndarray) -> np.ndarray:
    """Light from the front of the head, more often from above, as Unsup3D's direction (x, y, 1) has it."""
    ambient, diffuse = 0.2 + 0.35 * draws[:, 0], 0.35 + 0.4 * draws[:, 1]
    towards = np.stack([2 * draws[:, 2] - 1, 1.5 * draws[:, 3] - 0.5, np.ones(len(draws))], axis=1)
    towards = towards / np.sqrt((towards**2).sum(axis=1, keepdims=True))
    return np.concatenate([ambient[:, None], diffuse[:, None], towards], axis=1)
