"""`NetworkConfig`: which of the networks of 3D-R2N2, and how wide."""

from dataclasses import dataclass
from typing import Literal

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
        tail: input of the residual decoder's last skip connection: "original" takes it behind the first
            convolution of block 10, "seed001" behind the second.
    """

    variant: str = "residual-gru-3"
    width: float = 1.0
    size: int = 127
    norm: Literal["none", "group"] = "none"
    slope: float = 0.01
    tail: Literal["original", "seed001"] = "original"
