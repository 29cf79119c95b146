"""Settings of StyleGAN2: how large its networks are, how pictures are augmented, and what the losses weigh."""

from dataclasses import dataclass
from typing import Literal

VARIANTS = ("drawn64", "cars64", "original")
BASE = 32_768  # channels times resolution at width 1
Pipe = Literal["none", "blit", "geom", "color", "bg", "bgc", "bgcfnc"]
_GAMMA = 0.0002


@dataclass(frozen=True)
class NetworkConfig:
    """How large generator and discriminator are; the defaults are those of the official configuration for 64 pixels.

    A layer at resolution r has min(32768 width / r, channel_max) channels.

    Attributes:
        variant: name of the network.
        size: pixels a side of the pictures: a power of 2 from 8 to 1024.
        channels: of a picture: 3, or 1 for grey.
        width: factor of the numbers of channels.
        channel_max: largest number of channels.
        z_dim: random numbers that a picture is made of.
        w_dim: numbers of a style vector.
        labels: classes that pictures are told apart by; 0 for none.
        mapping: layers of the mapping network.
        clamp: largest absolute value behind a convolution; 0 for none.
        discriminator: "resnet", "skip" or "orig"; "projected", which looks at features (`projected_discriminator`);
            "none" for weights that only generate.
        group: pictures whose deviation the discriminator sees; 0 for all of a batch.

    Raises:
        ValueError: a value out of its range.
    """

    variant: str = VARIANTS[0]
    size: int = 64
    channels: int = 3
    width: float = 0.5
    channel_max: int = 512
    z_dim: int = 512
    w_dim: int = 512
    labels: int = 0
    mapping: int = 2
    clamp: float = 256.0
    discriminator: Literal["resnet", "skip", "orig", "projected", "none"] = "resnet"
    group: int = 4

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise ValueError(f"size must be one of {', '.join(map(str, SIZES))}; got {self.size}")
        if self.channels not in (1, 3):
            raise ValueError(f"pictures have 3 channels or 1, not {self.channels}")
        if not 0 < self.width <= 4 or BASE * self.width < self.size:
            raise ValueError(f"width must lie in [{self.size / BASE:g}, 4], got {self.width:g}")
        for name, most in (("channel_max", 1024), ("z_dim", 4096), ("w_dim", 4096), ("mapping", 32)):
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name} must lie in [1, {most}], got {getattr(self, name)}")
        for name, largest in (("labels", 1e5), ("clamp", 1e6), ("group", 4096.0)):
            if not 0 <= getattr(self, name) <= largest:
                raise ValueError(f"{name} must lie in [0, {largest:g}], got {getattr(self, name)}")
        if self.discriminator == "projected" and (self.channels != 3 or self.labels):
            raise ValueError("discriminator projected: pictures in colours, without labels, are needed")

    @property
    def compared(self) -> int:
        """Pictures that the discriminator compares with each other; 0 for all of a batch, 1 for none."""
        return 1 if self.discriminator == "projected" else self.group

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Of the blocks, from 4 to `size`."""
        return tuple(r for r in (4, *SIZES) if r <= self.size)

    @property
    def styles(self) -> int:
        """Style vectors of a picture: 2 log2(size) - 2."""
        return 2 * len(self.resolutions)

    def channels_at(self, resolution: int) -> int:
        """Channels of the layers at a resolution."""
        return min(int(BASE * self.width) // resolution, self.channel_max)


SIZES = tuple(2**k for k in range(3, 11))


@dataclass(frozen=True)
class LossConfig:
    """What is made small; the defaults are those of the official automatic configuration.

    Attributes:
        hinge: the hinge loss of projected GANs in place of the logistic one.
        discriminator_rate: factor on the learning rate of the discriminator.
        r1: weight of the discriminator's gradient at real pictures; 0.0002 size^2 / batch when not given, 0 for no
            such penalty.
        r1_every: steps between two of its penalties, each of so much the weight.
        path: weight of the path lengths' penalty; 0 for none.
        path_every: steps between two of its penalties, each of so much the weight.
        path_shrink: the penalty is computed for a batch this many times smaller.
        mixing: probability of mixed styles.
        ramp: while the half-life of the averaged weights is to be at most this share of the pictures seen; 0 for no
            such limit.

    Raises:
        ValueError: a value out of its range.
    """

    hinge: bool = False
    discriminator_rate: float = 1.0
    r1: float | None = None
    r1_every: int = 16
    path: float = 2.0
    path_every: int = 4
    path_shrink: int = 2
    mixing: float = 0.9
    ramp: float = 0.05

    def __post_init__(self) -> None:
        for name in ("r1_every", "path_every", "path_shrink"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 <= (self.r1 or 0) < float("inf") or not 0 <= self.path < float("inf"):
            raise ValueError(
                f"weights must be finite and not negative, got r1 {self.r1} and path {self.path}"
            )
        if not 0 < self.discriminator_rate < float("inf"):
            raise ValueError(f"discriminator_rate must be positive, got {self.discriminator_rate:g}")
        if not 0 <= self.mixing <= 1 or not 0 <= self.ramp <= 1:
            raise ValueError(f"mixing and ramp must lie in [0, 1], got {self.mixing:g} and {self.ramp:g}")

    def gamma(self, size: int, batch: int) -> float:
        """Weight of the gradient's penalty for pictures of a size, in batches."""
        return _GAMMA * size**2 / batch if self.r1 is None else self.r1


@dataclass(frozen=True)
class AugmentConfig:
    """How what the discriminator sees is changed, the more the surer it is of real pictures.

    Attributes:
        pipe: which changes: "blit" (mirror, quarter turns, whole pixels), "geom" (scale, turn, stretch, shift),
            "color", "bg" and "bgc", several of these, "bgcfnc", those with frequencies, noise and holes, or "none".
        target: mean sign of what the discriminator says of real pictures that is aimed at.
        every: steps between two changes of the strength.
        kimg: thousands of pictures in which the strength goes from 0 to 1.
        start: first strength.

    Raises:
        ValueError: a value out of its range.
    """

    pipe: Pipe = "bgc"
    target: float = 0.6
    every: int = 4
    kimg: float = 500.0
    start: float = 0.0

    def __post_init__(self) -> None:
        if self.every < 1 or not 0 < self.kimg < float("inf"):
            raise ValueError(f"every and kimg must be positive, got {self.every} and {self.kimg:g}")
        if not -1 <= self.target <= 1 or not 0 <= self.start <= 1:
            raise ValueError(f"target must lie in [-1, 1], start in [0, 1]: {self.target:g}, {self.start:g}")
