"""Settings of StyleGAN2: how large its networks are, how pictures are augmented, and what the losses weigh."""

from dataclasses import dataclass
from typing import Literal

VARIANTS = ("drawn64", "cars64", "original")
BASE = 32_768  # channels times resolution at width 1
Pipe = Literal["none", "blit", "geom", "color", "bg", "bgc", "bgcfnc"]


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
        discriminator: "resnet", "skip" or "orig"; "none" for weights that only generate.
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
    discriminator: Literal["resnet", "skip", "orig", "none"] = "resnet"
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
