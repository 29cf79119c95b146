"""`NetworkConfig`: how large the viewpoint network is."""

from dataclasses import dataclass

_SIZES = tuple(2**k for k in range(4, 10))
_WIDEST, _MOST_MODES = 256, 16


@dataclass(frozen=True)
class NetworkConfig:
    """How large the network is.

    Attributes:
        variant: "view".
        size: pixels a side of the pictures: a power of 2 from 16 to 512.
        width: channels behind the first halving, doubled three times at most; a multiple of 4.
        modes: directions that an azimuth may be told as; with 1 "from the front or from behind" cannot be said.

    Raises:
        ValueError: a value out of its range.
    """

    variant: str = "view"
    size: int = 64
    width: int = 16
    modes: int = 4

    def __post_init__(self) -> None:
        if self.variant != "view":
            raise ValueError(f"variant must be view, got {self.variant!r}")
        if self.size not in _SIZES:
            raise ValueError(f"size must be one of {', '.join(map(str, _SIZES))}; got {self.size}")
        if self.width % 4 or not 4 <= self.width <= _WIDEST:
            raise ValueError(f"width must be a multiple of 4 up to {_WIDEST}, got {self.width}")
        if not 1 <= self.modes <= _MOST_MODES:
            raise ValueError(f"modes must lie in [1, {_MOST_MODES}], got {self.modes}")
