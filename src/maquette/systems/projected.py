"""`Projected`: the picture of a generator that is nearest to a given one, and what it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Projected:
    """What was found.

    Attributes:
        target: the given picture as the generator could show it: its middle square, in the generator's size.
        image: the nearest picture.
        progress: the target, pictures on the way, and the last one, in a row.
        latents: what the picture is made of, by name.
        numbers: how far it is from the target and how long it took, as JSON can hold it.
    """

    target: Float[Tensor, "3 size size"]
    image: Float[Tensor, "3 size size"]
    progress: Float[Tensor, "3 height width"]
    latents: Mapping[str, Tensor]
    numbers: Mapping[str, Any]
