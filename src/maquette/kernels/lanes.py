"""Rows of an array side by side in lanes, as a processor's vector units want them."""

from typing import NamedTuple

import torch
import warp as wp
from jaxtyping import Shaped
from torch import Tensor

LANES = 32  # more than Warp unrolls, so that the compiler makes vector instructions of loops over them

floats = wp.types.vector(length=LANES, dtype=wp.float32)
shorts = wp.types.vector(length=LANES, dtype=wp.int16)
octets = wp.types.vector(length=LANES, dtype=wp.uint8)


class Lanes(NamedTuple):
    """Rows of an array, `LANES` of them a block.

    Attributes:
        values: zeros behind the last row.
        rows: how many there are.
    """

    values: Shaped[Tensor, "block ... lane"]
    rows: int

    @property
    def device(self) -> torch.device:
        """Where the values are."""
        return self.values.device

    def to(self, device: torch.device) -> "Lanes":
        """The same on another device."""
        return Lanes(self.values.to(device), self.rows)


def in_lanes(rows: Shaped[Tensor, "row ..."]) -> Lanes:
    """The rows of an array in lanes."""
    blocks = -(-len(rows) // LANES)
    padded = rows.new_zeros((blocks * LANES, *rows.shape[1:]))
    padded[: len(rows)] = rows
    return Lanes(padded.unflatten(0, (blocks, LANES)).movedim(1, -1).contiguous(), len(rows))
