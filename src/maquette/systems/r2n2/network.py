"""`R2N2Network`: any number of pictures of an object to logits of its voxels."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...nn.conv_recurrence import ConvGRU3d, ConvLSTM3d
from ...nn.initial_values import init_averaged_fans
from .config import NetworkConfig, scaled
from .decoder import STATE_CHANNELS, Decoder
from .encoder import FEATURES, Encoder
from .viewpoint import Viewpoint

STATE_SIDE = 4


class R2N2Network(nn.Module):
    """3D-R2N2 (Choy et al., ECCV 2016): an encoder of pictures, a 3D recurrence, a decoder to 32^3 voxels.

    The recurrence sees the pictures one after another, so that their order matters. The number of parameters,
    and with the same weights the result, are those of the published network where the settings are; see this
    folder's README for what is computed in another way.

    Args:
        config: variant, width, size of the pictures.
    """

    def __init__(self, config: NetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or NetworkConfig()
        features, channels = scaled(FEATURES, config.width), scaled(STATE_CHANNELS, config.width)
        cell = ConvGRU3d if config.cell == "gru" else ConvLSTM3d
        self.encoder = Encoder(config)
        self.recurrence: ConvGRU3d | ConvLSTM3d = cell(
            features, channels, STATE_SIDE, config.kernel, config.norm
        )
        self.decoder = Decoder(config)
        self.viewpoint = Viewpoint(features, config.view_bins) if config.view_bins else None
        init_averaged_fans(self)

    def forward(self, images: Float[Tensor, "batch view 3 h w"]) -> Float[Tensor, "batch 2 x y z"]:
        """Logits of empty (channel 0) and solid (channel 1) for every cell, after the last view.

        Args:
            images: RGB in [0, 1], `config.size` pixels a side, at least one view.

        Raises:
            ValueError: pictures of another size.
        """
        return self.decode(self.encode(images))

    def decode(self, features: Float[Tensor, "batch view feature"]) -> Float[Tensor, "batch 2 x y z"]:
        """Logits after the last view, from what `encode` gave."""
        logits: Tensor = self.decoder(self.recurrence(features))
        return logits

    def after(
        self, images: Float[Tensor, "batch view 3 h w"], counts: Sequence[int]
    ) -> Float[Tensor, "count batch 2 x y z"]:
        """Logits after the first n views for every n of `counts`; each picture is encoded once.

        Raises:
            ValueError: pictures of another size, or a count that is not between 1 and the number of views.
        """
        if not counts or not 1 <= min(counts) <= max(counts) <= images.shape[1]:
            raise ValueError(f"counts must lie between 1 and {images.shape[1]}, got {tuple(counts)}")
        states = list(self.recurrence.states(self.encode(images)))
        return torch.stack([self.decoder(states[count - 1]) for count in counts])

    def encode(self, images: Float[Tensor, "batch view 3 h w"]) -> Float[Tensor, "batch view feature"]:
        """What the recurrence, and the viewpoint's head where there is one, see of each picture.

        Raises:
            ValueError: pictures of another size.
        """
        size = self.config.size
        if images.shape[-2:] != (size, size) or images.shape[1] == 0:
            raise ValueError(f"need one or more pictures of {size} x {size}, got {tuple(images.shape)}")
        features: Tensor = self.encoder(images.flatten(0, 1)).unflatten(0, images.shape[:2])
        return features
