"""`relit`: the object in other light."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from .close_up import close_up
from .config import FormationConfig
from .formation import Canonical, Light, shade

_TILT = 50.0  # degrees between the light and the way to the camera
_DIRECTED = 0.75  # share of the light that comes from there


def relit(
    found: Canonical,
    config: FormationConfig,
    angles_deg: Sequence[float],
    tilt_deg: float = _TILT,
    size: int = 256,
) -> Float[Tensor, "frame 3 {size} {size}"]:
    """The object as the picture shows it, lit from a light that turns around the way to the camera.

    The light is as strong as the picture's, three quarters of it directed.

    Args:
        found: one object, from the front (`formation.canonical`; of several the first).
        config: how its picture comes about.
        angles_deg: where the light is, a frame each: 0 above, 90 to the right in the picture, 180 below.
        tilt_deg: between the light and the way to the camera.
        size: pixels a side.

    Returns:
        RGB in [0, 1], white where nothing is seen.
    """
    depth, albedo, normals = found.depth[0], found.albedo[:1], found.normals[:1]
    strength = found.light.ambient[:1] + found.light.diffuse[:1]
    turn = torch.deg2rad(torch.tensor(angles_deg).to(depth))
    tilt = math.radians(tilt_deg)
    # Normals point away from the camera, down to the picture's lower edge: the light they meet is turned round.
    towards = [
        -turn.sin() * math.sin(tilt),
        turn.cos() * math.sin(tilt),
        torch.full_like(turn, math.cos(tilt)),
    ]
    lights = Light(
        (strength * (1 - _DIRECTED)).expand(len(turn), -1),
        (strength * _DIRECTED).expand(len(turn), -1),
        torch.stack(towards, dim=1),
    )
    images = (albedo / 2 + 0.5) * shade(normals.expand(len(turn), -1, -1, -1), lights) * 2 - 1
    return close_up(images, depth, found.view[0], config, size)
