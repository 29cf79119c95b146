"""`Orbit`: what a generator invents, seen from several sides."""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor


class Orbit(NamedTuple):
    """Pictures of invented objects.

    Attributes:
        images: RGB in [0, 1], a row an object.
        azimuth: of each view, degrees from the objects' front, +Z, towards +X.
        elevation: of each view, degrees above the horizon.
    """

    images: Float[Tensor, "object view 3 size size"]
    azimuth: Float[Tensor, " view"]
    elevation: Float[Tensor, " view"]
