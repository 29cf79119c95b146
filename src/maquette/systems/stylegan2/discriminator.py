"""The discriminator: pictures to one number each, high for real ones (Karras et al., CVPR 2020, figure 7c)."""

import math

from jaxtyping import Float
from torch import Tensor, nn

from .config import NetworkConfig
from .filters import BINOMIAL, downsample, fir_filter
from .layers import Conv, Dense, batch_deviation, laid_out
from .mapping import Mapping

_HALF = math.sqrt(0.5)  # two parts that are added keep their variance
_LABEL_LAYERS = 8


class DiscriminatorBlock(nn.Module):
    """The layers of one resolution, which halve it.

    Args:
        config: sizes.
        resolution: of what comes in.
    """

    def __init__(self, config: NetworkConfig, resolution: int) -> None:
        super().__init__()
        kind, clamp = config.discriminator, config.clamp
        inputs, outputs = config.channels_at(resolution), config.channels_at(resolution // 2)
        has_colours = resolution == config.size or kind == "skip"
        self.fromrgb = Conv(config.channels, inputs, 1, clamp=clamp) if has_colours else None
        self.conv0 = Conv(inputs, inputs, 3, clamp=clamp)
        self.conv1 = Conv(inputs, outputs, 3, down=True, clamp=clamp)
        self.skip = Conv(inputs, outputs, 1, down=True, plain=True) if kind == "resnet" else None
        self.shrinks = kind == "skip"

    def forward(
        self,
        x: Float[Tensor, "batch inputs height width"] | None,
        image: Float[Tensor, "batch channels height width"] | None,
    ) -> tuple[Float[Tensor, "batch outputs _height _width"], Tensor | None]:
        """Features of half the size, and the picture of that size where later blocks look at it."""
        if self.fromrgb is not None and image is not None:
            seen = self.fromrgb(image)
            x = seen if x is None else x + seen
            image = downsample(image, fir_filter(BINOMIAL, image)) if self.shrinks else None
        if self.skip is None:
            return self.conv1(self.conv0(x)), image
        return self.skip(x, gain=_HALF) + self.conv1(self.conv0(x), gain=_HALF), image


class Epilogue(nn.Module):
    """The last layers: how much the pictures of a group differ, and one number a picture.

    Args:
        config: sizes.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        channels = config.channels_at(4)
        self.group, self.labels = config.group, config.labels
        self.fromrgb = Conv(config.channels, channels, 1) if config.discriminator == "skip" else None
        self.conv = Conv(channels + 1, channels, 3, clamp=config.clamp)
        self.fc = Dense(channels * 16, channels, rectify=True)
        self.out = Dense(channels, channels if config.labels else 1)

    def forward(
        self,
        x: Float[Tensor, "batch channel 4 4"],
        image: Float[Tensor, "batch channels 4 4"] | None,
        label: Float[Tensor, "batch channel"] | None,
    ) -> Float[Tensor, "batch 1"]:
        """One number a picture; `label` is what the mapping network makes of its class."""
        if self.fromrgb is not None and image is not None:
            x = x + self.fromrgb(image)
        x = self.out(self.fc(self.conv(batch_deviation(x, self.group)).flatten(1)))
        return x if label is None else (x * label).sum(1, keepdim=True) / math.sqrt(label.shape[1])


class Discriminator(nn.Module):
    """Pictures to one number each.

    Args:
        config: sizes.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        for resolution in config.resolutions[:0:-1]:
            self.add_module(f"b{resolution}", DiscriminatorBlock(config, resolution))
        channels = config.channels_at(4)
        if config.labels:
            self.mapping = Mapping(0, config.labels, channels, _LABEL_LAYERS, tracked=False)
        self.b4 = Epilogue(config)

    def forward(
        self,
        images: Float[Tensor, "batch channels size size"],
        labels: Float[Tensor, "batch label"] | None = None,
    ) -> Float[Tensor, "batch 1"]:
        """Log-odds of being real.

        Args:
            images: in [-1, 1].
            labels: 1 for the class, else 0.
        """
        x, image = self.stages(images)[-1]
        assert x is not None
        told: Tensor = self.b4(x, image, self.mapping(None, labels) if self.config.labels else None)
        return told

    def stages(
        self, images: Float[Tensor, "batch channels size size"]
    ) -> list[tuple[Tensor | None, Tensor | None]]:
        """Features behind each block but the last, and the picture of their size where there is one."""
        x: Tensor | None = None
        image: Tensor | None = laid_out(images)
        made = []
        for resolution in self.config.resolutions[:0:-1]:
            x, image = self.get_submodule(f"b{resolution}")(x, image)
            made.append((x, image))
        return made
