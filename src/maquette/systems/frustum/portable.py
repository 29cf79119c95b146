"""What `FrustumSystem.see` says, by dense operations alone: a graph that any runtime for networks can compute."""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import normalize, pad

from .network import FrustumNetwork, Told, parts_of
from .rays import pooled, rays_on


class PortableFrustum(nn.Module):
    """Pictures with masks to probabilities of cells, and to where up is.

    Differs from `FrustumSystem.see` in that nothing is left out beside the object but set to 0 afterwards, and in
    that surfaces are spread by their runs as a sum of products instead of by Fourier transforms.

    Args:
        network: with its weights.
    """

    def __init__(self, network: FrustumNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, images: Float[Tensor, "batch 3 size size"], masks: Float[Tensor, "batch 1 size size"]
    ) -> tuple[Float[Tensor, "batch depth row column"], Float[Tensor, "batch 3"]]:
        """Probabilities that cells are solid, and unit vectors upwards; arguments are those of `see`."""
        config = self.network.config
        told: Told = self.network(images, masks)
        hidden, front, run = told.rays.split(parts_of(config), dim=1)
        on = rays_on(masks, config.resolution)
        front = pooled(torch.where(on[:, None], front.log_softmax(1), 0.0), on).softmax(1)
        empty = (1 - spread(front, run.sigmoid())) * (1 - hidden.sigmoid())
        return torch.where(on[:, None], 1 - empty, 0.0), normalize(told.up, dim=1)


def spread(
    front: Float[Tensor, "batch depth row column"], run: Float[Tensor, "batch run row column"]
) -> Float[Tensor, "batch depth row column"]:
    """`rays.Rays.visible` of every ray: at depth d the sum over k of front(d - k) run(k)."""
    length = run.shape[1]
    before = pad(front, (0, 0, 0, 0, length - 1, 0)).unfold(1, length, 1)
    return torch.einsum("bdyxk,bkyx->bdyx", before, run.flip(1))
