"""`turned`: the object from other sides."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from .close_up import close_up
from .config import FormationConfig
from .formation import Canonical


def turned(
    found: Canonical,
    config: FormationConfig,
    angles_deg: Sequence[float],
    above_deg: float | None = None,
    size: int = 256,
) -> Float[Tensor, "frame 3 {size} {size}"]:
    """The object in the picture's light, turned about the vertical axis.

    Args:
        found: one object, from the front (`formation.canonical`; of several the first).
        config: how its picture comes about.
        angles_deg: by which it is turned, a frame each: 0 is the front, 90 looks to the right in the picture.
        above_deg: how far above it the camera stands; as in the picture when not given, for what the networks call
            the front may look up or down. The published videos have 9.
        size: pixels a side.

    Returns:
        RGB in [0, 1], white where nothing is seen.
    """
    depth = found.depth[0]
    yaw = -torch.deg2rad(torch.tensor(angles_deg).to(depth))
    views = yaw.new_zeros(len(yaw), 6)
    views[:, 0] = found.view[0, 0] if above_deg is None else math.radians(above_deg)
    views[:, 1] = yaw
    return torch.cat([close_up(found.image[:1], depth, view, config, size) for view in views])
