"""The synthesis network: styles to pictures (Karras et al., CVPR 2020, figure 2d, with output skips)."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from .config import NetworkConfig
from .convolution import modulated_conv
from .filters import BINOMIAL, fir_filter, upsample
from .layers import LEAKY_GAIN, Dense, clamped, laid_out, leaky

NoiseKind = Literal["random", "const", "none"]
Noise = NoiseKind | Sequence[Tensor]  # one (batch, 1, size, size) for each convolution


class SynthesisLayer(nn.Module):
    """A modulated convolution, noise, a bias and a leaky rectifier.

    Args:
        inputs: channels that come in.
        outputs: channels that it gives.
        w_dim: numbers of a style vector.
        size: of the result.
        up: whether it doubles the size.
        clamp: largest absolute value of results; 0 for none.
    """

    noise_const: Tensor

    def __init__(self, inputs: int, outputs: int, w_dim: int, size: int, up: bool, clamp: float) -> None:
        super().__init__()
        self.size, self.up, self.clamp = size, up, clamp
        self.affine = Dense(w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.register_buffer("noise_const", torch.randn(size, size))
        self.noise_strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(
        self, x: Float[Tensor, "batch inputs height width"], w: Float[Tensor, "batch w_dim"], noise: Noise
    ) -> Float[Tensor, "batch outputs size size"]:
        """Apply it; `noise` is a kind, or the one picture of noise for this layer."""
        taps = fir_filter(BINOMIAL, x) if self.up else None
        added = (self.bias * LEAKY_GAIN)[:, None, None]
        if noise != "none":
            own = self._noise(len(x), noise) * (self.noise_strength * LEAKY_GAIN)
            added = added + own
        made = modulated_conv(x, self.weight, self.affine(w), up=taps, gain=LEAKY_GAIN, added=added)
        return leaky(made, self.clamp)

    def _noise(self, count: int, noise: Noise) -> Tensor:
        if isinstance(noise, str):
            constant = self.noise_const
            shape = (count, 1, self.size, self.size)
            return constant if noise == "const" else torch.randn(shape, device=constant.device)
        return noise[0]


class ToRGB(nn.Module):
    """Features to colours: a modulated 1 x 1 convolution without demodulation.

    Args:
        inputs: channels that come in.
        outputs: channels of a picture.
        w_dim: numbers of a style vector.
        clamp: largest absolute value of results; 0 for none.
    """

    def __init__(self, inputs: int, outputs: int, w_dim: int, clamp: float) -> None:
        super().__init__()
        self.clamp = clamp
        self.affine = Dense(w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(
        self, x: Float[Tensor, "batch inputs height width"], w: Float[Tensor, "batch w_dim"]
    ) -> Float[Tensor, "batch outputs height width"]:
        """Apply it."""
        styles = self.affine(w) / math.sqrt(self.weight.shape[1])
        made = modulated_conv(x, self.weight, styles, demodulate=False, added=self.bias[:, None, None])
        return clamped(made, self.clamp)


class SynthesisBlock(nn.Module):
    """The layers of one resolution; the first block starts from a constant and has one convolution.

    Args:
        config: sizes.
        resolution: of the block.
    """

    def __init__(self, config: NetworkConfig, resolution: int) -> None:
        super().__init__()
        inputs, outputs = config.channels_at(resolution // 2), config.channels_at(resolution)
        own = (config.w_dim, resolution)
        self.is_first = resolution == 4
        if self.is_first:
            self.const = nn.Parameter(torch.randn(outputs, 4, 4))
        else:
            self.conv0 = SynthesisLayer(inputs, outputs, *own, up=True, clamp=config.clamp)
        self.conv1 = SynthesisLayer(outputs, outputs, *own, up=False, clamp=config.clamp)
        self.torgb = ToRGB(outputs, config.channels, config.w_dim, config.clamp)

    @property
    def convolutions(self) -> int:
        """How many there are, each with a style vector; the colours have the one behind them."""
        return 1 if self.is_first else 2

    def forward(
        self,
        x: Float[Tensor, "batch inputs height width"] | None,
        image: Float[Tensor, "batch channels height width"] | None,
        styles: Float[Tensor, "batch own w_dim"],
        noise: Noise,
    ) -> tuple[Float[Tensor, "batch outputs _height _width"], Float[Tensor, "batch channels _height _width"]]:
        """Features and the picture so far; `styles` are the block's own, the colours' last."""
        own = styles.unbind(1)
        if x is None:
            x = laid_out(self.const.repeat(len(styles), 1, 1, 1))
        else:
            x = self.conv0(x, own[0], noise if isinstance(noise, str) else noise[:1])
        x = self.conv1(x, own[-2], noise if isinstance(noise, str) else noise[-1:])
        colours = self.torgb(x, own[-1])
        return x, colours if image is None else colours + upsample(image, fir_filter(BINOMIAL, image))


class Synthesis(nn.Module):
    """Styles to pictures, from 4 x 4 up.

    Args:
        config: sizes.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        for resolution in config.resolutions:
            self.add_module(f"b{resolution}", SynthesisBlock(config, resolution))

    def forward(
        self, styles: Float[Tensor, "batch style w_dim"], noise: Noise = "random"
    ) -> Float[Tensor, "batch channels size size"]:
        """Pictures, mostly within [-1, 1].

        Args:
            styles: of each layer, coarse first.
            noise: new in every pass, always the same, none, or one picture of it for each convolution.
        """
        return self.stages(styles, noise)[-1][1]

    def stages(
        self, styles: Float[Tensor, "batch style w_dim"], noise: Noise = "random"
    ) -> list[tuple[Tensor, Tensor]]:
        """Features and picture behind each block; arguments as above."""
        x, image, first, made = None, None, 0, []
        for resolution in self.config.resolutions:
            block = self.get_submodule(f"b{resolution}")
            assert isinstance(block, SynthesisBlock)
            last = first + block.convolutions
            own = noise if isinstance(noise, str) else noise[first:last]
            x, image = block(x, image, styles[:, first : last + 1], own)
            made.append((x, image))
            first = last
        return made
