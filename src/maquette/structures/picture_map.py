"""`PictureMap`: a picture of numbers that a system found, such as depth, to be written beside its mesh."""

import math
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class PictureMap:
    """Numbers over pixels, and how a picture file shows them.

    Attributes:
        values: grey or RGB.
        black: the number that is black in the file; what is below it is, too.
        white: the number that is white.
        deep: whether the file has 16 bits a pixel, of grey alone.
        shows: what it is, in a few words for the report.

    Raises:
        ValueError: wrong shape, numbers that are not finite, black not below white, or 16 bits of colours.
    """

    values: Float[Tensor, "channel height width"]
    black: float = 0.0
    white: float = 1.0
    deep: bool = False
    shows: str = ""

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or len(self.values) not in (1, 3) or self.values.numel() == 0:
            raise ValueError(f"a map must have shape (1 or 3, H, W), got {tuple(self.values.shape)}")
        if not self.values.isfinite().all():
            raise ValueError("a map must hold finite numbers")
        if not -math.inf < self.black < self.white < math.inf:
            raise ValueError(f"black must be below white, both finite, got {self.black:g} and {self.white:g}")
        if self.deep and len(self.values) != 1:
            raise ValueError("only grey has 16 bits")

    def shades(self) -> Float[Tensor, "channel height width"]:
        """The picture, in [0, 1]; in memory."""
        return ((self.values.detach().cpu().double() - self.black) / (self.white - self.black)).clamp(0, 1)
