"""What is known of StyleGAN2 without torch."""

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from ..about import About
from .config import VARIANTS


@dataclass(frozen=True, kw_only=True)
class StyleGAN2Options:
    """What StyleGAN2 may be told of pictures that it generates.

    Raises:
        ValueError: a value out of its range.
    """

    truncation: Annotated[float, tyro.conf.arg(metavar="PSI")] = 1.0
    """Pull styles towards their mean: 1 leaves them, 0 gives one picture; less than 1 is more likely to look right,
    and less varied."""
    cutoff: Annotated[int | None, tyro.conf.arg(metavar="LAYERS")] = None
    """Pull the styles of so many first layers alone."""
    noise: Literal["const", "random", "none"] = "const"
    """Of fine details: always the same, another for each picture, or none."""
    label: Annotated[int | None, tyro.conf.arg(metavar="CLASS")] = None
    """Which class, counted from 0, of networks that know some."""

    def __post_init__(self) -> None:
        if not -10 <= self.truncation <= 10:
            raise ValueError(f"truncation {self.truncation}: use a number from -10 to 10")
        if self.cutoff is not None and self.cutoff < 0:
            raise ValueError(f"cutoff {self.cutoff}: at least 0 is needed")
        if self.label is not None and self.label < 0:
            raise ValueError(f"label {self.label}: at least 0 is needed")


ABOUT = About(
    name="stylegan2",
    variants=VARIANTS,
    protocols=("generated",),
    abilities=frozenset({"train", "generate", "mix", "project", "orbit", "convert"}),
    options=StyleGAN2Options,
)
