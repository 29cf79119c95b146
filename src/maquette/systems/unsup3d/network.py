"""The five networks of Unsup3D: a picture to raw depth, albedo, light, view and uncertainties."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import softplus

from ...nn.picture_code import doubled, from_code, level_channels, refined, start_smooth, to_code
from .config import NetworkConfig

LIGHTS, VIEWS = 4, 6
_SLOPE = 0.2
_EVEN_LIGHT = (1.0, -1.0, 0.0, 0.0)  # all of the ambient light and as little directed light as there may be


class Raw(NamedTuple):
    """What the networks say of pictures.

    Attributes:
        depth: without bounds.
        albedo: in [-1, 1].
        light: ambient strength, strength, x and y of the directed light, in [-1, 1].
        view: three rotations and three shifts, in [-1, 1].
        sigma_pixels: uncertainty of every pixel, above 0: of the reconstruction, and of the mirrored one.
        sigma_features: the same of features, 4 pixels apart.
    """

    depth: Float[Tensor, "batch 1 size size"]
    albedo: Float[Tensor, "batch 3 size size"]
    light: Float[Tensor, "batch 4"]
    view: Float[Tensor, "batch 6"]
    sigma_pixels: Float[Tensor, "batch 2 size size"] | None = None
    sigma_features: Float[Tensor, "batch 2 coarse coarse"] | None = None

    def each(self, change: Callable[[Tensor], Tensor]) -> "Raw":
        """The same with a function applied to every tensor."""
        own = {name: change(value) for name, value in self._asdict().items() if value is not None}
        return self._replace(**own)


class Unsup3DNetwork(nn.Module):
    """Depth, albedo, light, view and confidence (Wu et al., CVPR 2020, section 6.2 and tables 5 to 8).

    At the published size and width 37,119,744 parameters.

    Args:
        config: sizes.
    """

    def __init__(self, config: NetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or NetworkConfig()
        self.depth = picture_layers(config, 1)
        whole = config.parts == "all"
        self.albedo = picture_layers(config, 3) if whole else None
        self.light = vector_layers(config, LIGHTS) if whole else None
        self.view = vector_layers(config, VIEWS) if whole else None
        pair, unsure = config.second == "pair", whole and config.confidence != "none"
        self.confidence = Confidence(config, 1 if pair else 2) if unsure else None
        self.pair_confidence = Confidence(config, 1, 6) if pair and unsure else None
        if config.smooth_start:
            start_smooth(self)

    def forward(self, images: Float[Tensor, "batch 3 size size"]) -> Raw:
        """What the networks say.

        Args:
            images: RGB in [0, 1], `config.size` pixels a side.

        Raises:
            ValueError: pictures of another size.
        """
        size = self.config.size
        if images.shape[1:] != (3, size, size):
            raise ValueError(f"need pictures of {size} x {size}, got {tuple(images.shape)}")
        x = 2 * images - 1
        depth = self.depth(x)
        if self.config.dome:
            depth = depth + self.config.dome * squared_distances(size, x)
        if self.albedo is None or self.light is None or self.view is None:
            even = x.new_tensor(_EVEN_LIGHT).expand(len(x), LIGHTS)
            return Raw(depth, x, even, x.new_zeros(len(x), VIEWS))
        return Raw(
            depth,
            self.albedo(x).tanh(),
            self.light(x).flatten(1).tanh(),
            self.view(x).flatten(1).tanh(),
            *self._uncertainties(x),
        )

    def _uncertainties(self, x: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Of pixels and of features, of both reconstructions of pictures in [-1, 1]."""
        if self.confidence is None:
            return None, None
        pixels, features = self.confidence(x)
        if self.pair_confidence is None:
            return pixels, features
        of_pixels, of_features = self.pair_confidence(torch.cat([x.flip(-1), x], dim=1))
        features = None if features is None else torch.cat([features, of_features], dim=1)
        return torch.cat([pixels, of_pixels], dim=1), features


class Confidence(nn.Module):
    """Uncertainties of pixels and, 4 pixels apart, of features, of the reconstruction and the mirrored one.

    Args:
        config: sizes, and whether features have any.
        count: of maps of each kind.
        colours: channels of what it sees: 3, or 6 for two pictures.
    """

    def __init__(self, config: NetworkConfig, count: int = 2, colours: int = 3) -> None:
        super().__init__()
        channels = level_channels(config.size, config.width)
        code = 2 * config.width
        down = to_code(channels, code, normalised=True, slope=_SLOPE, colours=colours)
        self.trunk = nn.Sequential(*down, *from_code(channels[1:], code, smooth=False))
        first = config.width
        self.pixels = nn.Sequential(
            *doubled(channels[1], first),
            *doubled(first, first),
            nn.Conv2d(first, count, 5, padding=2, bias=False),
        )
        self.features = (
            nn.Conv2d(channels[1], count, 3, padding=1, bias=False) if config.confidence == "both" else None
        )

    def forward(
        self, x: Float[Tensor, "batch _colours size size"]
    ) -> tuple[Float[Tensor, "batch count size size"], Float[Tensor, "batch count _coarse _coarse"] | None]:
        """The uncertainties of pictures in [-1, 1], all above 0."""
        seen = self.trunk(x)
        of_features: Tensor | None = None if self.features is None else softplus(self.features(seen))
        return softplus(self.pixels(seen)), of_features


def squared_distances(size: int, like: Tensor) -> Float[Tensor, "size size"]:
    """Of every pixel from the middle of a picture, in halves of its side."""
    along = torch.linspace(-1, 1, size, dtype=like.dtype, device=like.device).square()
    return along + along[:, None]


def picture_layers(config: NetworkConfig, out: int) -> nn.Sequential:
    """A picture to a picture of `out` channels, through a code of four times the width."""
    channels, width = level_channels(config.size, config.width), config.width
    code = 4 * width
    return nn.Sequential(
        *to_code(channels, code, normalised=True, slope=_SLOPE),
        *from_code(channels, code),
        nn.Upsample(scale_factor=2, mode="nearest"),
        *refined(width, 3),
        *refined(width, 5),
        nn.Conv2d(width, out, 5, padding=2, bias=False),
    )


def vector_layers(config: NetworkConfig, out: int) -> nn.Sequential:
    """A picture to `out` numbers."""
    width = max(config.numbers_width, config.width // 2)
    code = 8 * width
    layers = to_code(level_channels(config.size, width), code)
    return nn.Sequential(*layers, nn.Conv2d(code, out, 1, bias=False))
