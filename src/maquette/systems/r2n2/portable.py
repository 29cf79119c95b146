"""What `R2N2.occupancy` and `R2N2.azimuths` say, as one module."""

from jaxtyping import Float
from torch import Tensor, nn

from ...structures.voxel_log_odds import solid_log_odds
from .network import R2N2Network


class PortableR2N2(nn.Module):
    """Pictures of objects to probabilities of voxels, and of azimuths where the network tells them.

    Args:
        network: with its weights.
    """

    def __init__(self, network: R2N2Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Float[Tensor, "batch view 3 size size"]) -> tuple[Tensor, ...]:
        """(batch, x, y, z) solid; (batch, view, bin) azimuths.

        Args:
            images: as `R2N2.frame` gives them.
        """
        features = self.network.encode(images)
        solid = solid_log_odds(self.network.decode(features)).sigmoid()
        if self.network.viewpoint is None:
            return (solid,)
        return solid, self.network.viewpoint(features).softmax(-1)
