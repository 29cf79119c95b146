"""`NetworkConfig`: how fine the grid is that the network fills, and how wide the network."""

from dataclasses import dataclass

_WIDEST = 16.0
THRESHOLD = 0.35  # least probability of a solid cell: the best of .3, .35, .4, .45, .5 on validation shapes
RESOLUTIONS = (48, 64, 96)
VARIANTS = tuple(f"rays-{resolution}" for resolution in RESOLUTIONS)


@dataclass(frozen=True)
class NetworkConfig:
    """One network.

    Attributes:
        variant: `rays-{48,64,96}`: cells along each side of the frustum; pictures have twice as many pixels.
        width: multiplies every number of channels.
        run: cells behind the visible surface in which its ray is told solid or not from there.

    Raises:
        ValueError: an unknown variant, or a width or run out of its range.
    """

    variant: str = "rays-48"
    width: float = 1.0
    run: int = 20

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise ValueError(f"variant must be one of {', '.join(VARIANTS)}; got {self.variant!r}")
        if not 0 < self.width <= _WIDEST:
            raise ValueError(f"width must be positive and at most {_WIDEST:g}, got {self.width}")
        if not 1 <= self.run <= self.resolution:
            raise ValueError(f"run must lie in [1, {self.resolution}], got {self.run}")

    @property
    def resolution(self) -> int:
        """Cells along columns, rows and depth."""
        return int(self.variant.rpartition("-")[2])

    @property
    def size(self) -> int:
        """Pixels a side of the pictures."""
        return 2 * self.resolution
