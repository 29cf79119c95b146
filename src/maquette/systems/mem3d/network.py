"""`Mem3DNetwork`: pictures of an object to logits of its voxels, with a memory of shapes."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.functional import avg_pool3d

from ...nn.memory import Recalled, ShapeMemory
from .config import NetworkConfig
from .decoder import ShapeDecoder
from .encoder import PictureEncoder
from .prior import AttentionPrior, DensePrior, Prior, RecurrentPrior


class Seen(NamedTuple):
    """What the network makes of pictures.

    Attributes:
        logits: of solid cells.
        key: by which the shape is looked for in memory.
        recalled: what was read from memory; None without one.
        prior: what the decoder was told.
    """

    logits: Float[Tensor, "batch x y z"]
    key: Float[Tensor, "batch key"]
    recalled: Recalled | None
    prior: Prior


class Mem3DNetwork(nn.Module):
    """Mem3D (Yang et al., CVPR 2021): an encoder, a memory that is read by its features, a prior, a decoder.

    Several pictures of an object are seen as the mean of their features, in any order.

    Args:
        config: the prior's variant, and sizes.
    """

    def __init__(self, config: NetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or NetworkConfig()
        self.encoder = PictureEncoder(config)
        self.key = nn.Linear(config.features, config.key**3) if config.has_shape_keys else nn.Identity()
        self.memory = _memory(config) if config.remembers else None
        self.prior = _prior(config)
        self.decoder = ShapeDecoder(config, getattr(self.prior, "channels", 0))

    def forward(self, images: Float[Tensor, "batch view 3 h w"]) -> Float[Tensor, "batch x y z"]:
        """Logits of solid cells.

        Args:
            images: RGB in [0, 1], `config.size` pixels a side, at least one view.

        Raises:
            ValueError: pictures of another size.
        """
        return self.decode(self.encode(images).mean(1)).logits

    def encode(self, images: Float[Tensor, "batch view 3 h w"]) -> Float[Tensor, "batch view feature"]:
        """What is seen of each picture; errors as above."""
        size = self.config.size
        if images.shape[-2:] != (size, size) or images.shape[1] == 0:
            raise ValueError(f"need one or more pictures of {size} x {size}, got {tuple(images.shape)}")
        features: Tensor = self.encoder(images.flatten(0, 1)).unflatten(0, images.shape[:2])
        return features

    def decode(
        self, features: Float[Tensor, "batch feature"], without: Int[Tensor, " batch"] | None = None
    ) -> Seen:
        """Read from memory, and decode.

        Args:
            features: of objects: means over their pictures.
            without: number of a shape of which each is told nothing (`ShapeMemory.read`).
        """
        key: Tensor = self.key(features)
        recalled = None if self.memory is None else self.memory.read(key, self.config.k, without)
        prior = Prior() if self.prior is None else self.prior(features if recalled is None else recalled)
        return Seen(self.decoder(features, prior), key, recalled, prior)

    def shape_keys(self, grids: Bool[Tensor, "batch x y z"]) -> Float[Tensor, "batch key"]:
        """By what shapes are remembered where keys are shapes: what share of each coarse cell is solid.

        Unlike what their pictures look like, as published, it is true of the object whatever a picture shows of it,
        and does not age while the network learns.
        """
        return avg_pool3d(grids.float(), grids.shape[-1] // self.config.key).flatten(1)

    def after(
        self, images: Float[Tensor, "batch view 3 h w"], counts: Sequence[int]
    ) -> Float[Tensor, "count batch x y z"]:
        """Logits of the first n pictures for every n of `counts`; each picture is encoded once."""
        features = self.encode(images)
        return torch.stack([self.decode(features[:, :count].mean(1)).logits for count in counts])


def _memory(config: NetworkConfig) -> ShapeMemory:
    width = config.key**3 if config.has_shape_keys else config.features
    return ShapeMemory(config.slots, width, delta=config.delta, beta=config.beta, likeness=config.likeness)


def _prior(config: NetworkConfig) -> AttentionPrior | RecurrentPrior | DensePrior | None:
    if config.variant == "best":
        return AttentionPrior()
    if config.variant == "original":
        return RecurrentPrior(config.prior)
    return DensePrior(config) if config.variant == "seed003" else None
