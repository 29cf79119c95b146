"""What is known of Mesh R-CNN without torch."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from ..about import About
from .config import VARIANTS
from .detect.config import VARIANT as DETECT


@dataclass(frozen=True, kw_only=True)
class MeshRCNNOptions:
    """What it may be told of a reconstruction.

    Raises:
        ValueError: a threshold or score that is no probability, or a field of view that no lens has.
    """

    threshold: Annotated[float | None, tyro.conf.arg(metavar="P")] = None
    """Probability from which on a cell is solid (variants with voxels); that of the weights when not given."""
    fov: Annotated[float | None, tyro.conf.arg(metavar="DEGREES")] = None
    """Field of view along the picture's longer side; what its file says of the lens when not given, else 50."""
    score: Annotated[float | None, tyro.conf.arg(metavar="P")] = None
    """Least probability of an object that is shown (variant detect); 0.5 when not given."""

    show_gates: bool = False
    """Show in the preview where the blocks of a dynamic variant worked: orange, the more of them the stronger."""

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise ValueError(f"threshold {self.threshold}: use a number between 0 and 1")
        if self.score is not None and not 0 <= self.score <= 1:
            raise ValueError(f"score {self.score}: use a number between 0 and 1")
        if self.fov is not None and not 1 <= self.fov <= 150:
            raise ValueError(f"fov {self.fov}: use degrees between 1 and 150")


ABOUT = About(
    name="mesh_rcnn",
    variants=(*VARIANTS, DETECT),
    protocols=("p2m", "meshrcnn", "viewer", "pix2vox", "pix3d", "occlusion"),
    abilities=frozenset({"train", "reconstruct", "export"}),
    needs_masks=True,
    options=MeshRCNNOptions,
)
