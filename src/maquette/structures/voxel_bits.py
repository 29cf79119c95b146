"""Grids of solid cells with eight cells a byte, the first in the highest bit, as `numpy.packbits` has them."""

import torch
from jaxtyping import Bool, Shaped, UInt8
from torch import Tensor

_SHIFTS = tuple(range(7, -1, -1))


def pack_voxels(grids: Bool[Tensor, "batch x y z"]) -> UInt8[Tensor, "batch byte"]:
    """Grids as bytes, uint8; their cells in the order (x, y, z).

    Raises:
        ValueError: a number of cells that is no multiple of eight.
    """
    cells = grids.flatten(1)
    if cells.shape[1] % 8:
        raise ValueError(f"{cells.shape[1]} cells are no whole number of bytes")
    shifts = torch.tensor(_SHIFTS, dtype=torch.uint8, device=grids.device)
    packed: Tensor = (cells.unflatten(1, (-1, 8)).to(torch.uint8) << shifts).sum(2, dtype=torch.uint8)
    return packed


def unpack_voxels(
    values: UInt8[Tensor, "batch byte"], side: int, dtype: torch.dtype = torch.bool
) -> Shaped[Tensor, "batch x y z"]:
    """Grids of which `pack_voxels` made these bytes.

    Args:
        values: uint8.
        side: cells along an edge.
        dtype: of the cells, 1 where solid.
    """
    numbers = torch.arange(256, device=values.device)[:, None]
    bits = torch.tensor([1 << shift for shift in _SHIFTS], device=values.device)
    table = (
        torch.bitwise_and(numbers, bits).bool().to(dtype)
    )  # looked up in half the time of masking every byte
    return table.index_select(0, values.flatten().int()).view(-1, side, side, side)
