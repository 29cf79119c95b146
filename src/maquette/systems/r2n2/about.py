"""What is known of 3D-R2N2 without torch."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from ..about import About
from .config import VARIANTS


@dataclass(frozen=True, kw_only=True)
class R2N2Options:
    """What 3D-R2N2 may be told of a reconstruction.

    Raises:
        ValueError: a threshold that is no probability.
    """

    threshold: Annotated[float | None, tyro.conf.arg(metavar="P")] = None
    """Probability from which on a cell is solid; that of the weights when not given."""

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise ValueError(f"threshold {self.threshold}: use a number between 0 and 1")


ABOUT = About(
    name="r2n2",
    variants=VARIANTS,
    protocols=(
        "r2n2-2016",
        "seed001",
        "pix2vox",
        "viewer",
        "p2m",
        "meshrcnn",
        "mem3d",
        "pix3d-chairs",
        "occlusion",
        "occlusion-masked",
    ),
    abilities=frozenset({"train", "reconstruct", "export"}),
    needs_masks=True,
    options=R2N2Options,
)
