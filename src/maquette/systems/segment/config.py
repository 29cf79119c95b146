"""`NetworkConfig`: how large the mask network is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkConfig:
    """How large the network is.

    Attributes:
        variant: "mask".
        size: pixels a side of the pictures that it learns from.
        width: channels of the decoder at the coarsest level, halved twice towards the finest; a multiple of 4.
        frozen: whether the backbone keeps its first weights.

    Raises:
        ValueError: a value out of its range.
    """

    variant: str = "mask"
    size: int = 192
    width: int = 128
    frozen: bool = True

    def __post_init__(self) -> None:
        if self.variant != "mask":
            raise ValueError(f"variant must be mask, got {self.variant!r}")
        if self.size < 32 or self.size % 32:
            raise ValueError(f"size must be a multiple of 32, got {self.size}")
        if self.width < 4 or self.width % 4:
            raise ValueError(f"width must be a multiple of 4, got {self.width}")
