"""What is known of the viewer-centred network without torch."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from ..about import About
from .config import VARIANTS


@dataclass(frozen=True, kw_only=True)
class FrustumOptions:
    """What it may be told of a reconstruction.

    Raises:
        ValueError: a threshold that is no probability, or a field of view that no lens has.
    """

    threshold: Annotated[float | None, tyro.conf.arg(metavar="P")] = None
    """Probability from which on a cell is solid; that of the weights when not given."""
    fov: Annotated[float | None, tyro.conf.arg(metavar="DEGREES")] = None
    """Field of view along the picture's longer side; what its file says of the lens when not given, else 50."""

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise ValueError(f"threshold {self.threshold}: use a number between 0 and 1")
        if self.fov is not None and not 1 <= self.fov <= 150:
            raise ValueError(f"fov {self.fov}: use degrees between 1 and 150")


ABOUT = About(
    name="frustum",
    variants=VARIANTS,
    protocols=("viewer", "p2m", "meshrcnn", "occlusion"),
    abilities=frozenset({"train", "reconstruct", "export"}),
    needs_masks=True,
    options=FrustumOptions,
)
