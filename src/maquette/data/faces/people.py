"""People: identity, skin, hair, lips and eyes, each a pure function of the person's number."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from .model import LAYERS, FaceModel

_STREAM = 31
_PAINT_DRAWS = 40
_MOST = 2.5  # standard deviations of identity
# From light to dark, from black to white, from brown to green
_TONES = ("f7dccb", "f0cdb4", "e6b998", "d6a37c", "bf8a62", "a06f4b", "815638", "64402a", "4b2f20", "38241a")
_HAIR = ("110d0b", "1d1512", "35241a", "5a3d28", "8a6a43", "b8945f", "7a3d20", "9a9590", "c9c6c2")
_IRIS = ("2a1a10", "3a2415", "5a3c20", "6d6238", "5d7a86", "6f93ae", "7d8f7a")
_SCLERA, _TEETH, _MOUTH = (0.86, 0.83, 0.8), (0.82, 0.77, 0.66), (0.25, 0.07, 0.07)
_GREY_FROM = 0.88
_NOWHERE = -9.0

Amount = float | np.ndarray


class People(NamedTuple):
    """Some people.

    Attributes:
        identity: (P, identities) coefficients, in standard deviations.
        ground: (P, 3) colour of the skin, in [0, 1].
        colours: (P, layer, 3) of `LAYERS`.
        covers: (P, layer, 3) gain, offset and most of them (`kernels.paint_layers`).
    """

    identity: np.ndarray
    ground: np.ndarray
    colours: np.ndarray
    covers: np.ndarray


def people(numbers: Sequence[int], model: FaceModel) -> People:
    """The people with these numbers.

    Args:
        numbers: >= 0.
        model: the head they are shapes of.
    """
    rows = [np.random.Generator(np.random.Philox(key=[number, _STREAM])) for number in numbers]
    draws = np.array([rng.random(model.identities + _PAINT_DRAWS) for rng in rows])
    bells = ndtri(np.clip(draws[:, : model.identities], 1e-9, 1 - 1e-9))
    return People(np.clip(bells, -_MOST, _MOST), *_paint(draws[:, model.identities :]))


class _Paint:
    """Colours and covers of layers, laid one by one."""

    def __init__(self, count: int) -> None:
        self.colours = np.zeros((count, len(LAYERS), 3))
        self.covers = np.zeros_like(self.colours)

    def lay(
        self, name: str, colour: np.ndarray, gain: Amount, offset: Amount = 0.0, most: Amount = 1.0
    ) -> None:
        """Set a layer's colour and cover for all people."""
        at = LAYERS.index(name)
        self.colours[:, at] = np.clip(colour, 0, 1)
        for i, amount in enumerate((gain, offset, most)):
            self.covers[:, at, i] = amount


def _paint(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ground, colours and covers of people of these random numbers."""
    take = iter(draws.T)
    dark, paint = next(take), _Paint(len(draws))
    ground = _between(_TONES, dark) * (0.92 + 0.08 * next(take))[:, None]
    ground = ground * (1 + 0.08 * np.stack([next(take) - 0.3, next(take) - 0.5, next(take) - 0.7], axis=1))
    ground = np.clip(ground, 0.03, 0.94)
    man, old = next(take) < 0.5, next(take)
    kind = next(take) * (0.35 + 0.65 * (1 - dark) ** 1.5)  # dark hair where the skin is dark
    grey = _between(_HAIR[-2:], next(take))
    hair = np.where(old[:, None] > _GREY_FROM, grey, _between(_HAIR[:-2], kind))
    _lay_skin(paint, take, ground, dark)
    _lay_lips(paint, take, ground, man)
    _lay_hair(paint, take, ground, hair, man)
    _lay_eyes(paint, take, dark)
    paint.lay("teeth", np.array(_TEETH) * (0.85 + 0.15 * next(take))[:, None], 1.0)
    paint.lay("mouth", np.array(_MOUTH) * (0.6 + 0.4 * next(take))[:, None], 1.0)
    return ground, paint.colours, paint.covers


def _lay_skin(paint: _Paint, take: Iterator[np.ndarray], ground: np.ndarray, dark: np.ndarray) -> None:
    blood, brown = ground * [1.1, 0.7, 0.67], ground * [0.6, 0.5, 0.42]
    paint.lay("broad", blood, 0.7 * next(take), -0.2, 0.5)
    paint.lay("other broad", brown, 0.6 * next(take), -0.2, 0.4)
    paint.lay("fine", brown, 0.5 * next(take), -0.2, 0.3)
    paint.lay("other fine", np.minimum(ground * 1.15, 0.95), 0.6 * next(take), -0.2, 0.3)
    paint.lay("freckles", brown, 0.6 * np.maximum(next(take) - 0.7, 0) / 0.3)
    paint.lay("flush", blood, 0.1 + 0.35 * next(take) * (1 - 0.5 * dark))
    paint.lay("sockets", brown, 0.1 + 0.4 * next(take))


def _lay_lips(paint: _Paint, take: Iterator[np.ndarray], ground: np.ndarray, man: np.ndarray) -> None:
    rouge = np.where(man, 0.0, next(take) ** 2)[:, None]
    own = ground * [0.88, 0.6, 0.58]
    red = np.stack([0.45 + 0.35 * next(take), 0.05 + 0.2 * next(take), 0.1 + 0.2 * next(take)], axis=1)
    paint.lay("lips", own + (red - own) * 0.7 * rouge, 0.5 + 0.45 * next(take))


def _lay_hair(
    paint: _Paint, take: Iterator[np.ndarray], ground: np.ndarray, hair: np.ndarray, man: np.ndarray
) -> None:
    beard = np.where(man, np.maximum(next(take) - 0.15, 0), 0.0)
    paint.lay("beard", hair * 0.6 + ground * 0.4 * next(take)[:, None], 0.95 * beard, 0.0, 0.85)
    thick = next(take) + 0.5 * man
    paint.lay("brows", hair * 0.75 + ground * 0.12, 1.9, -1.25 + 0.45 * thick, 0.55 + 0.4 * next(take))
    bald = next(take) < np.where(man, 0.3, 0.05)
    line = np.where(bald, _NOWHERE, -3.7 - 0.9 * next(take))  # the lower, the higher is the hairline
    paint.lay("hair", hair + 0.05 * next(take)[:, None], 7.0, line, 0.88 + 0.1 * next(take))
    paint.lay("lashes", hair * 0.3 + ground * 0.15, 0.8, 0.0, 0.35 + 0.45 * next(take))


def _lay_eyes(paint: _Paint, take: Iterator[np.ndarray], dark: np.ndarray) -> None:
    paint.lay("sclera", np.array(_SCLERA) * (0.9 + 0.1 * next(take))[:, None], 1.0)
    iris = _between(_IRIS, next(take) * (0.25 + 0.75 * (1 - dark)))
    paint.lay("iris", iris * (0.85 + 0.3 * next(take))[:, None], 1.0)
    paint.lay("limbus", iris * 0.35, 0.8)
    paint.lay("pupil", np.full(3, 0.02), 1.0)


def _between(words: Sequence[str], place: np.ndarray) -> np.ndarray:
    """Colours at places in [0, 1] along a row of them."""
    table = np.array([[int(word[i : i + 2], 16) / 255 for i in (0, 2, 4)] for word in words])
    at = place * (len(table) - 1)
    low = np.minimum(at.astype(int), len(table) - 2)
    return np.asarray(table[low] + (table[low + 1] - table[low]) * (at - low)[:, None])
