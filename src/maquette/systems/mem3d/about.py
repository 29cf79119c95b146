"""What is known of Mem3D without torch."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from ..about import About
from .config import REMEMBERING, VARIANTS


@dataclass(frozen=True, kw_only=True)
class Mem3DOptions:
    """What Mem3D may be told of a reconstruction.

    Raises:
        ValueError: a threshold that is no probability.
    """

    threshold: Annotated[float | None, tyro.conf.arg(metavar="P")] = None
    """Probability from which on a cell is solid; that of the weights when not given."""
    show_memory: bool = False
    """Show the shapes that the picture brings back from memory: below the preview, and in the report."""

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise ValueError(f"threshold {self.threshold}: use a number between 0 and 1")


ABOUT = About(
    name="mem3d",
    variants=VARIANTS,
    protocols=(
        "mem3d",
        "occlusion",
        "occlusion-masked",
        "pix3d-chairs",
        "pix2vox",
        "r2n2-2016",
        "seed001",
        "viewer",
        "p2m",
        "meshrcnn",
    ),
    abilities=frozenset({"train", "reconstruct", "export"}),
    needs_masks=True,
    options=Mem3DOptions,
    remembers=REMEMBERING,
)
