"""How many bits two rows have in common: solid cells of two packed grids, for all pairs of grids."""

import torch
import warp as wp
from jaxtyping import Int, UInt8
from torch import Tensor

from maquette.kernels.launch import launch, on_compute_device

_WORDS = 16  # read at once, which lets the compiler count eight of them side by side
ROW_BYTES = 8 * _WORDS
_Words = wp.types.vector(length=_WORDS, dtype=wp.uint64)


@wp.kernel(enable_backward=False)
def _count_shared(
    start: int,
    a: wp.array2d(dtype=_Words),
    b: wp.array2d(dtype=_Words),
    shared: wp.array2d(dtype=int),
) -> None:
    """One row of `b` with all rows of `a`."""
    j = start + wp.tid()
    for i in range(a.shape[0]):
        count = int(0)
        for k in range(a.shape[1]):
            x = a[i, k]
            y = b[j, k]
            for word in range(_WORDS):
                count += wp.bit_count(wp.bit_and(x[word], y[word]))
        shared[i, j] = count


@on_compute_device
def shared_bits(a: UInt8[Tensor, "n byte"], b: UInt8[Tensor, "m byte"]) -> Int[Tensor, "n m"]:
    """Number of bits that are set in both of two rows, for all pairs.

    Args:
        a: uint8, a multiple of `ROW_BYTES` a row.
        b: as many a row.
    """
    shared = torch.empty((len(a), len(b)), dtype=torch.int32, device=a.device)
    words = [rows.contiguous().view(torch.uint64).unflatten(1, (-1, _WORDS)) for rows in (a, b)]
    launch(_count_shared, len(b), [*words, shared], a.device)
    return shared
