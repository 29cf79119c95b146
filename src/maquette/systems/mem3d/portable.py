"""What `Mem3DSystem.occupancy` says, as one module."""

from jaxtyping import Float
from torch import Tensor, nn

from .network import Mem3DNetwork


class PortableMem3D(nn.Module):
    """Pictures of objects to probabilities of voxels.

    Args:
        network: with its weights and its memory.
    """

    def __init__(self, network: Mem3DNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Float[Tensor, "batch view 3 size size"]) -> tuple[Tensor]:
        """(batch, x, y, z) solid.

        Args:
            images: as `Mem3DSystem.frame` gives them.
        """
        return (self.network(images).sigmoid(),)
