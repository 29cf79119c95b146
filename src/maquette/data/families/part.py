"""`Part`: one closed solid of a shape with its name and material; and how families draw their parameters."""

from typing import NamedTuple, TypeVar

import numpy as np

from .materials import Material
from .solids import Solid

T = TypeVar("T")


class Part(NamedTuple):
    """One closed component of a shape.

    Attributes:
        name: what it is, such as "leg"; several parts of a shape may have the same.
        solid: where it is, in the family's own frame.
        material: what it is made of.
    """

    name: str
    solid: Solid
    material: Material


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A number drawn evenly from [low, high)."""
    return float(rng.uniform(low, high))


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True with this probability."""
    return bool(rng.random() < probability)


def pick(rng: np.random.Generator, *options: T) -> T:
    """One of the options, each as likely as the others; an option given twice is twice as likely."""
    return options[int(rng.integers(len(options)))]


def both_sides(name: str, solid: Solid, material: Material) -> list[Part]:
    """A part and its mirror image across x = 0."""
    return [Part(name, solid, material), Part(name, solid.mirrored(), material)]
