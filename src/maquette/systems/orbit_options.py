"""How view codes of a generator are looked for, and where they are; without torch."""

from dataclasses import dataclass
from pathlib import Path

from ..training.weights_header import RUN_FILE

FEWEST, MOST = 4, 120  # view codes


@dataclass(frozen=True)
class OrbitOptions:
    """How view codes are looked for.

    Attributes:
        count: how many are wanted, at even azimuths.
        candidates: styles that are tried.
        objects: later styles that each is tried with; as many others judge what is found.
        layers: how many first layers carry the viewpoint; measured when not given.
        backbone: first weights of the network in whose features pictures are compared
            (`metrics.picture_features.feature_network`).
        seed: of what is drawn.

    Raises:
        ValueError: a number out of its range.
    """

    count: int = 24
    candidates: int = 384
    objects: int = 12
    layers: int | None = None
    backbone: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        if not FEWEST <= self.count <= MOST:
            raise ValueError(f"count {self.count}: use {FEWEST} to {MOST} views")
        if self.candidates < self.count:
            raise ValueError(
                f"candidates {self.candidates}: at least {self.count}, as many as views, are needed"
            )
        if self.objects < 2:
            raise ValueError(f"objects {self.objects}: at least 2 are needed")
        if self.layers is not None and self.layers < 1:
            raise ValueError(f"layers {self.layers}: at least 1 is needed")
        if self.seed < 0:
            raise ValueError(f"seed {self.seed}: at least 0 is needed")


def view_codes_beside(weights: Path) -> Path:
    """Where the view codes of a weights file, or of the folder of a run, are looked for."""
    file = weights / RUN_FILE if weights.is_dir() else weights
    return file.with_name(f"{file.stem}_views.safetensors")
