"""`NetworkConfig`: where shape priors come from, and how large the parts of the network are."""

from dataclasses import dataclass
from typing import Literal

from ...nn.backbones.names import NORMS, Norm, check_width

THRESHOLD = 0.3  # least probability of a solid cell, as published
VARIANTS = ("best", "original", "seed003", "none")
REMEMBERING = frozenset({"best", "original"})
BACKBONES = ("resnet18", "resnet34", "resnet50", "mobilenet_v2")
SIDE = 32
MOST_SLOTS = 1 << 16
_RANGES = {
    "size": (32, 1024),
    "pools": (0, 3),
    "prior": (1, 65536),
    "slots": (1, MOST_SLOTS),
    "k": (1, 256),
}
_MOST_CHANNELS = 4096
_CHOICES: dict[str, tuple[str | int, ...]] = {
    "variant": VARIANTS,
    "backbone": BACKBONES,
    "norm": NORMS,
    "tap": (8, 16, 32),
    "kernel": (1, 3),
    "key": (0, 4, 8, 16),
}


@dataclass(frozen=True)
class NetworkConfig:
    """One network; the defaults are as published, but for the variant.

    Attributes:
        variant: of the shape prior. "original": a recurrence (LSTM) over the shapes that are read from memory.
            "best": a mean of them weighted by attention, which the decoder sees at every resolution. "seed003": a
            dense layer instead of a memory. "none": no prior.
        size: pixels a side of the pictures.
        backbone: torchvision's network that sees the pictures.
        backbone_width: factor on the channels of MobileNetV2.
        norm: batch normalisation of the backbone: "running" or "frozen".
        tap: pixels between the features that are taken from it.
        channels: of the three convolutions behind it.
        pools: behind how many of the last of them 2 x 2 places become one.
        key: of the memory: cells along the edges of the coarse shapes by which shapes are found; a linear map of the
            picture's features says which to look for. 0: keys are the features themselves, as published.
        prior: numbers of a prior that is a vector: the recurrence's state, or the dense layer's.
        decoder: channels at 4, 8, 16 and 32 cells along an edge.
        kernel: of the last convolution, 1 or 3.
        slots: of the memory.
        k: shapes that are read from it at most.
        delta: likeness from which on shapes count as one when they are written.
        beta: similarity that keys must exceed to be read.
        likeness: of shapes; see `nn.memory.ShapeMemory`.

    Raises:
        ValueError: an unknown variant, backbone or norm, or a number out of its range.
    """

    variant: str = VARIANTS[0]
    size: int = 224
    backbone: str = "resnet50"
    backbone_width: float = 1.0
    norm: Norm = "running"
    tap: int = 8
    channels: tuple[int, int, int] = (512, 256, 256)
    pools: int = 2
    key: int = 0
    prior: int = 2048
    decoder: tuple[int, int, int, int] = (512, 128, 32, 8)
    kernel: int = 1
    slots: int = 4000
    k: int = 3
    delta: float = 0.9
    beta: float = 0.85
    likeness: Literal["squares", "iou"] = "squares"

    def __post_init__(self) -> None:
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                said = ", ".join(map(str, known))
                raise ValueError(f"{name} must be one of {said}; got {getattr(self, name)!r}")
        check_width(self.backbone, self.backbone_width)
        for name, (least, most) in _RANGES.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must lie in [{least}, {most}], got {getattr(self, name)}")
        if not all(1 <= count <= _MOST_CHANNELS for count in (*self.channels, *self.decoder)):
            raise ValueError(f"channels must lie in [1, {_MOST_CHANNELS}]")
        if self.places < 1:
            raise ValueError(f"{self.pools} poolings leave nothing of pictures of {self.size}")
        if not 0 <= self.delta <= 1 or not -1 <= self.beta <= 1:
            raise ValueError(
                f"delta must lie in [0, 1] and beta in [-1, 1], got {self.delta} and {self.beta}"
            )
        if (self.features + self.prior_features) % 8:
            raise ValueError("features and prior must be a multiple of 8 together")

    @property
    def remembers(self) -> bool:
        """Whether there is a memory."""
        return self.variant in REMEMBERING

    @property
    def has_shape_keys(self) -> bool:
        """Whether shapes are found by what they coarsely look like, not by features of pictures."""
        return self.remembers and self.key > 0

    @property
    def places(self) -> int:
        """Places along an edge of the picture's features."""
        side: int = -(-self.size // self.tap)
        for _ in range(self.pools):
            side //= 2
        return side

    @property
    def features(self) -> int:
        """Numbers that the encoder makes of a picture."""
        return self.channels[-1] * self.places**2

    @property
    def prior_features(self) -> int:
        """Numbers of the prior that join them."""
        return self.prior if self.variant in ("original", "seed003") else 0


@dataclass(frozen=True)
class LossConfig:
    """Weights of the terms; 0 leaves a term out.

    Attributes:
        cross_entropy: mean over all cells.
        dice: one minus the soft overlap of each object.
        triplet: of the similarities to keys of like shapes and of others.
        ranking: divergence of how similar the keys of all remembered shapes are from how like the true one they are.
        prior: cross-entropy of the weighted mean of the shapes that were read (variant "best").
        alpha: margin of the triplets.
        positive: likeness from which on a remembered shape counts as like the true one.
        pair: of the triplets: "nearest" like and nearest unlike key, or "hardest": the farthest like one.

    Raises:
        ValueError: a negative weight, none of the cells' that is positive, or an alpha or positive out of its range.
    """

    cross_entropy: float = 1.0
    dice: float = 0.0
    triplet: float = 1.0
    ranking: float = 0.0
    prior: float = 0.0
    alpha: float = 0.1
    positive: float = 0.85
    pair: str = "nearest"

    def __post_init__(self) -> None:
        weights = (self.cross_entropy, self.dice, self.triplet, self.ranking, self.prior)
        if not all(0 <= weight < float("inf") for weight in weights) or not any(weights[:2]):
            raise ValueError(f"weights must not be negative, nor both of the cells' 0; got {weights}")
        if not 0 <= self.alpha <= 2 or not 0 < self.positive <= 1:
            raise ValueError(
                f"alpha must lie in [0, 2] and positive in (0, 1], got {self.alpha}, {self.positive}"
            )
        if self.pair not in ("nearest", "hardest"):
            raise ValueError(f"pair must be nearest or hardest, got {self.pair!r}")
