"""`NetworkConfig`: which of the networks of 3D-R2N2, and how wide."""

from dataclasses import dataclass
from typing import Literal

_WIDEST, _LARGEST, _MOST_BINS = 100.0, 4096, 3600
THRESHOLD = 0.4  # least probability of a solid cell, as published
VARIANTS = tuple(
    f"{encoder}-{cell}-{kernel}"
    for encoder in ("simple", "residual")
    for cell in ("gru", "lstm")
    for kernel in (1, 3)
)


@dataclass(frozen=True)
class NetworkConfig:
    """One network.

    Attributes:
        variant: `{simple,residual}-{gru,lstm}-{1,3}`: encoder and decoder, recurrent cell, its kernel size.
        width: multiplies every number of channels; 1 is the published network.
        size: pixels a side of the pictures.
        norm: "none" as published, or "group": group normalisation after every convolution.
        slope: of the leaky ReLU for negative values.
        encoder_width: the same for the encoder's convolutions alone; None is `width`.
        view_bins: parts of the circle that the azimuth of each picture is told apart in, as a by-product; 0 for
            none, as published.
        tail: input of the residual decoder's last skip connection: "original" takes it behind the first
            convolution of block 10, "seed001" behind the second.

    Raises:
        ValueError: an unknown variant, a slope that is not finite, or a width, size or number of bins out of its
            range.
    """

    variant: str = "residual-gru-3"
    width: float = 1.0
    size: int = 127
    norm: Literal["none", "group"] = "none"
    slope: float = 0.01
    tail: Literal["original", "seed001"] = "original"
    encoder_width: float | None = None
    view_bins: int = 0

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise ValueError(f"variant must be one of {', '.join(VARIANTS)}; got {self.variant!r}")
        for name, width in (("width", self.width), ("encoder_width", self.encoder_width)):
            if width is not None and not 0 < width <= _WIDEST:
                raise ValueError(f"{name} must be positive and at most {_WIDEST:g}, got {width}")
        if not abs(self.slope) < float("inf"):
            raise ValueError(f"slope must be finite, got {self.slope}")
        if not 1 <= self.size <= _LARGEST:
            raise ValueError(f"size must lie in [1, {_LARGEST}], got {self.size}")
        if self.view_bins and not 3 <= self.view_bins <= _MOST_BINS:
            raise ValueError(f"view_bins must be 0 or lie in [3, {_MOST_BINS}], got {self.view_bins}")

    @property
    def cell(self) -> str:
        """ "gru" or "lstm"."""
        return self.variant.split("-")[1]

    @property
    def kernel(self) -> int:
        """Kernel size of the recurrence's convolutions."""
        return int(self.variant.split("-")[2])


def scaled(channels: int, width: float) -> int:
    """Number of channels at a width: to the nearest multiple of 8, at least 8."""
    return max(8, round(channels * width / 8) * 8)
