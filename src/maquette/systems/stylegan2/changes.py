"""What changes pictures before the discriminator sees them, and how it is drawn (Karras et al., NeurIPS 2020, B)."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

_BLIT = ("xflip", "rotate90", "xint")
_GEOM = ("scale", "rotate_pre", "aniso", "rotate_post", "xfrac")
_COLOR = ("brightness", "contrast", "lumaflip", "hue", "saturation")
_BANDS = ("band0", "band1", "band2", "band3")
PIPES: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "blit": _BLIT,
    "geom": _GEOM,
    "color": _COLOR,
    "bg": _BLIT + _GEOM,
    "bgc": _BLIT + _GEOM + _COLOR,
    "bgcfnc": (*_BLIT, *_GEOM, *_COLOR, *_BANDS, "noise", "cutout"),
}
KINDS: Mapping[str, tuple[Literal["uniform", "normal"], int]] = {
    "xflip": ("uniform", 1),
    "rotate90": ("uniform", 1),
    "xint": ("uniform", 2),
    "scale": ("normal", 1),
    "rotate_pre": ("uniform", 1),
    "aniso": ("normal", 1),
    "rotate_post": ("uniform", 1),
    "xfrac": ("normal", 2),
    "brightness": ("normal", 1),
    "contrast": ("normal", 1),
    "lumaflip": ("uniform", 1),
    "hue": ("uniform", 1),
    "saturation": ("normal", 1),
    **dict.fromkeys(_BANDS, ("normal", 1)),
    "noise": ("normal", 1),
    "cutout": ("uniform", 2),
}


class Change(NamedTuple):
    """One kind of change of the pictures of a batch.

    Attributes:
        value: random numbers that say how much, uniform in [0, 1) or normal by `KINDS`.
        on: the pictures that are changed at all.
    """

    value: Float[Tensor, "batch number"]
    on: Bool[Tensor, " batch"]


Changes = Mapping[str, Change]


def strength(name: str, p: float) -> float:
    """Probability of a change, where p is that of most: two rotations together come with probability p."""
    p = min(max(p, 0.0), 1.0)
    return 1 - (1 - p) ** 0.5 if name.startswith("rotate_") else p


def drawn_changes(pipe: str, count: int, p: float, device: torch.device) -> dict[str, Change]:
    """Draw the changes of a batch.

    Args:
        pipe: a key of `PIPES`.
        count: pictures.
        p: probability of each change; beyond 1 it is 1.
        device: where the numbers are drawn.
    """
    made = {}
    for name in PIPES[pipe]:
        kind, numbers = KINDS[name]
        draw = torch.rand if kind == "uniform" else torch.randn
        value = draw(count, numbers, device=device)
        made[name] = Change(value, torch.rand(count, device=device) < strength(name, p))
    return made
