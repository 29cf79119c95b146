"""`ShapeDecoder`: features of a picture and a prior to logits of 32^3 cells."""

import itertools

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import avg_pool3d

from .config import NetworkConfig
from .prior import Prior

_STATE_SIDE = 2


class ShapeDecoder(nn.Module):
    """Four transposed convolutions, each of which doubles the resolution, and one to logits.

    Where the prior tells what to expect of cells, every layer but the first sees that, too, at its own resolution.

    Args:
        config: widths.
        expected: channels of the cells that the prior expects; 0 for none.
    """

    def __init__(self, config: NetworkConfig, expected: int = 0) -> None:
        super().__init__()
        first = (config.features + config.prior_features) // _STATE_SIDE**3
        self.layers = nn.ModuleList()
        for i, (before, after) in enumerate(itertools.pairwise((first, *config.decoder))):
            conv = nn.ConvTranspose3d(before + expected * (i > 0), after, 4, stride=2, padding=1, bias=False)
            self.layers.append(nn.Sequential(conv, nn.BatchNorm3d(after), nn.ReLU()))
        self.logit = nn.Conv3d(config.decoder[-1] + expected, 1, config.kernel, padding=config.kernel // 2)

    def forward(self, features: Float[Tensor, "batch feature"], prior: Prior) -> Float[Tensor, "batch x y z"]:
        """Logits of solid cells."""
        given = features if prior.vector is None else torch.cat([features, prior.vector], dim=1)
        x = given.unflatten(1, (-1, _STATE_SIDE, _STATE_SIDE, _STATE_SIDE))
        if x.device.type == "cpu":  # transposed convolutions are twice as fast there as channels first
            x = x.contiguous(memory_format=torch.channels_last_3d)
        for layer in self.layers:
            x = layer(x)
            if prior.cells is not None:
                x = torch.cat([x, avg_pool3d(prior.cells, prior.cells.shape[-1] // x.shape[-1])], dim=1)
        logits: Tensor = self.logit(x)[:, 0].contiguous()
        return logits
