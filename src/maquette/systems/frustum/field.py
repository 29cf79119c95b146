"""From what the network says of rays to the probabilities of the frustum's cells."""

from jaxtyping import Float
from torch import Tensor

from .grid import Frustum
from .mirror import Mirror
from .rays import Rays, agreed, filled


def field_of(
    rays: Rays, on: Tensor, mirror: Mirror, frustum: Frustum
) -> Float[Tensor, "batch depth row column"]:
    """Probability that each cell is solid: neighbouring rays agree, and both halves of an object help each other.

    Args:
        rays: those for which `on` (batch, row, column) is true; all others are empty.
        mirror: planes of symmetry.
        frustum: whose cells these are.
    """
    field = filled(agreed(rays, on).solid(), on)
    return mirror.completed(field, frustum) * on[:, None]
