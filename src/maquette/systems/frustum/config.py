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
        dynamic: its residual blocks work only where masks that they learn say so (`nn.dynamic`).

    Raises:
        ValueError: an unknown variant, or a width or run out of its range.
    """

    variant: str = "rays-48"
    width: float = 1.0
    run: int = 20
    dynamic: bool = False

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


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms; 0 leaves a term out.

    Attributes:
        cross_entropy: of the cells, as a mean over the whole frustum, of which most is empty.
        dice: one minus the soft overlap of each object.
        front: of where the visible surface lies, as a mean over the object's rays.
        run: of what is solid behind the true visible surface, as a mean over the object's rays.
        up: of the direction upwards, a squared distance.
        budget: of the products that dynamic blocks make (`nn.dynamic.budget_loss`), where there are any.
        target: share of their products that dynamic blocks are to make.

    Raises:
        ValueError: a weight that is negative or not finite, or no weight for the cells, or a target
            outside [0, 1].
    """

    cross_entropy: float = 6.0
    dice: float = 1.0
    front: float = 0.3
    run: float = 0.3
    up: float = 0.3
    budget: float = 5.0
    target: float = 0.5

    def __post_init__(self) -> None:
        weights = (self.cross_entropy, self.dice, self.front, self.run, self.up, self.budget)
        if not all(0 <= weight < float("inf") for weight in weights) or not any(weights[:2]):
            raise ValueError(f"weights must not be negative, nor both of the cells' 0; got {weights}")
        if not 0 <= self.target <= 1:
            raise ValueError(f"target must lie in [0, 1], got {self.target}")
