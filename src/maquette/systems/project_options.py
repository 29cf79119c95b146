"""`ProjectOptions`: how the picture of a generator is looked for that is nearest to a given one; without torch."""

from dataclasses import dataclass
from pathlib import Path

STEPS = 1000
ENCODER_STEPS = 4000


@dataclass(frozen=True)
class ProjectOptions:
    """How it is looked for.

    Attributes:
        steps: of optimisation; 1000, as published, where nothing is said, and none behind an encoder.
        seed: of what is drawn.
        backbone: first weights of the network in whose features pictures are compared
            (`metrics.picture_features.feature_network`).
        encoder: a file of `Projects.train_encoder`, whose guess is the start.
    """

    steps: int | None = None
    seed: int = 0
    backbone: str = "auto"
    encoder: Path | None = None

    @property
    def count(self) -> int:
        """Steps that are taken."""
        usual = STEPS if self.encoder is None else 0
        return usual if self.steps is None else self.steps
