"""The encoder: a small convolutional network from a picture to its w, trained on generated pictures alone."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import pairwise
from os import PathLike

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import leaky_relu
from torch.optim import Adam

from ...io.errors import BadInput, as_bad_input
from ...io.typed import typed
from ...training.weights import fill, load_weights, save_weights
from .layers import SLOPE
from .network import Generator
from .projection import Draw

KIND = "stylegan2_encoder"
BATCH = 16
_RATE = 1e-3
_PIXEL_WEIGHT = 4.0
_FIRST, _MOST, _GROUP = 32, 128, 8  # channels
_LAST = 4  # pixels a side of the last map
_SAMPLES = 10_000


@dataclass(frozen=True)
class EncoderConfig:
    """How large an encoder is.

    Attributes:
        size: pixels a side.
        w_dim: numbers of a style vector.
        generator: SHA-256 of the generator's values (`fingerprint`).

    Raises:
        ValueError: no size that a generator has.
    """

    size: int
    w_dim: int
    generator: str = ""

    def __post_init__(self) -> None:
        if self.size not in (8, 16, 32, 64, 128, 256, 512, 1024) or not 1 <= self.w_dim <= 4096:
            raise ValueError(f"there is no generator of {self.size} pixels with w of {self.w_dim}")


class Encoder(nn.Module):
    """Convolutions that halve a picture to 4 pixels a side, and a layer behind; 0.5 M parameters at 64 pixels.

    Args:
        config: sizes.

    Attributes:
        mean: of w, by number.
        deviation: of w, by number; what is learned is how many of it w lies from the mean.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        halvings = int(math.log2(config.size // _LAST))
        channels = [min(_FIRST * 2**i, _MOST) for i in range(halvings + 1)]
        self.first = nn.Conv2d(3, channels[0], 3, padding=1)
        self.halving = nn.ModuleList(
            nn.Conv2d(before, behind, 3, stride=2, padding=1) for before, behind in pairwise(channels)
        )
        self.norms = nn.ModuleList(nn.GroupNorm(behind // _GROUP, behind) for behind in channels[1:])
        self.last = nn.Linear(channels[-1] * _LAST**2, config.w_dim)
        self.register_buffer("mean", torch.zeros(config.w_dim))
        self.register_buffer("deviation", torch.ones(config.w_dim))

    def forward(self, images: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch w_dim"]:
        """w of pictures, RGB in [0, 1]."""
        x = leaky_relu(self.first(2 * images - 1), SLOPE)
        for halve, norm in zip(self.halving, self.norms, strict=True):
            x = leaky_relu(norm(halve(x)), SLOPE)
        w: Tensor = self.mean + self.deviation * self.last(x.flatten(1))
        return w


def train_encoder(
    generator: Generator,
    draw: Draw,
    steps: int,
    batch: int = BATCH,
    seed: int = 0,
    watch: Callable[[int, str], None] | None = None,
) -> Encoder:
    """An encoder for a generator, from pictures that it generates.

    Made small: the mean squared error of w in deviations, and that of the pixels of what the generator makes of it.

    Args:
        generator: in its mode of evaluation.
        draw: gives its w.
        steps: with Adam, whose rate falls as a cosine.
        batch: pictures of a step.
        seed: of first weights and pictures.
        watch: told steps done, and both errors.
    """
    device = generator.mapping.w_avg.device
    numbers = torch.Generator().manual_seed(seed)
    config = generator.config
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = Encoder(EncoderConfig(config.size, config.w_dim, fingerprint(generator))).to(device)
    with torch.no_grad():
        known = draw(_SAMPLES, numbers)
        encoder.mean.copy_(known.mean(0))
        encoder.deviation.copy_(known.std(0).clamp(min=1e-6))
    optimiser = Adam(encoder.parameters(), lr=_RATE)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = _RATE * (0.5 + 0.5 * math.cos(math.pi * step / steps))
        with torch.no_grad():
            w = draw(batch, numbers)
            images = _pictures(generator, w)
        told = encoder(images.clamp(0, 1))
        of_w = ((told - w) / encoder.deviation).square().mean()
        of_pixels = (_pictures(generator, told) - images).square().mean()
        optimiser.zero_grad()
        (of_w + _PIXEL_WEIGHT * of_pixels).backward(inputs=list(encoder.parameters()))
        optimiser.step()
        if watch:
            watch(step + 1, f"w {float(of_w.detach()):.3f}, pixels {float(of_pixels.detach()) ** 0.5:.3f}")
    return encoder.eval()


def _pictures(generator: Generator, w: Tensor) -> Tensor:
    styles = w[:, None].expand(-1, generator.config.styles, -1)
    images: Tensor = (generator.synthesis(styles, "const") + 1) / 2
    return images.expand(-1, 3, -1, -1)


def fingerprint(generator: Generator) -> str:
    """SHA-256 of a generator's values: an encoder is of use for that one alone."""
    digest = hashlib.sha256()
    for name, tensor in sorted(generator.state_dict().items()):
        digest.update(name.encode() + tensor.detach().float().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def save_encoder(path: str | PathLike[str], encoder: Encoder, variant: str) -> None:
    """Write the file that `load_encoder` reads; raises BadInput where it cannot be written."""
    save_weights(path, encoder.state_dict(), KIND, variant, asdict(encoder.config), "float32")


def load_encoder(path: str | PathLike[str], generator: Generator) -> Encoder:
    """The encoder of a generator.

    Raises:
        BadInput: no such file, broken, or the encoder of a generator of another size, or with other weights.
    """
    found = load_weights(path, KIND)
    with as_bad_input(found.path, ValueError, say="the settings in its header"):
        config = typed(EncoderConfig, found.config, "")
    size, w_dim = generator.config.size, generator.config.w_dim
    if (config.size, config.w_dim) != (size, w_dim):
        own = f"{config.size} pixels and w of {config.w_dim}"
        raise BadInput(found.path, f"is an encoder for {own}; these weights have {size} and {w_dim}")
    if config.generator != fingerprint(generator):
        raise BadInput(
            found.path, "is an encoder for other weights of this size; `maquette encoder` makes one"
        )
    with torch.device("meta"):
        encoder = Encoder(config)
    fill(encoder, found)
    return encoder.to(generator.mapping.w_avg.device).eval()
