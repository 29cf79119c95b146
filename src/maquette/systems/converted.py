"""`Converted`: what became of official weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Converted:
    """What a weights file was made of.

    Attributes:
        variant: of the system.
        kept: names of the networks that are in it, as the source calls them.
        left_out: names of the source's other networks.
        tensors: how many there are.
        numbers: how many they hold.
        settings: of the network, as JSON can hold them.
    """

    variant: str
    kept: tuple[str, ...]
    left_out: tuple[str, ...]
    tensors: int
    numbers: int
    settings: Mapping[str, Any]
