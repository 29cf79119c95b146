"""Normalisation that works for any batch size, or none."""

from typing import Literal

from torch import nn

CHANNELS_A_GROUP = 8


def normalisation(kind: Literal["none", "group"], channels: int) -> nn.Module:
    """Group normalisation with groups of 8 channels (one group where 8 does not divide them), or nothing."""
    if kind == "none":
        return nn.Identity()
    groups = channels // CHANNELS_A_GROUP if channels % CHANNELS_A_GROUP == 0 else 1
    return nn.GroupNorm(groups, channels)
