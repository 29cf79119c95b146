"""Rows of a matrix, gathered by windows, times a matrix: a sparse convolution is one such product.

On CUDA, where Triton is installed, the windows are read inside the product (an implicit matrix product on tensor
cores); elsewhere they are laid out, some at a time, for torch's product.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

try:  # comes with torch for CUDA on Linux
    import triton
    import triton.language as tl
except ImportError:  # pragma: no cover
    triton = None

_WINDOW_VALUES = 1 << 24  # laid out at once: 64 MiB of float32


def gather_matmul(
    rows: Float[Tensor, "row channel"],
    taps: Int[Tensor, "item tap"],
    weight: Float[Tensor, "out tap*channel"],
    bias: Float[Tensor, " out"],
) -> Float[Tensor, "item out"]:
    """out[i] = bias + weight @ concatenation over t of rows[taps[i, t]].

    Not differentiable on CUDA.

    Args:
        rows: features of positions.
        taps: rows of each item's window, one after another; the number of rows stands for a row of zeros.
        weight: in the order of the taps, the channels of each together.
        bias: of every item.
    """
    if rows.is_cuda and triton is not None:
        return _on_tensor_cores(rows, taps, weight) + bias
    padded = F.pad(rows, (0, 0, 0, 1))
    parts = taps.split(max(1, _WINDOW_VALUES // max(1, weight.shape[1])))
    windows = (padded.index_select(0, part.flatten()).view(len(part), weight.shape[1]) for part in parts)
    products = [torch.addmm(bias, window, weight.t()) for window in windows]
    return products[0] if len(products) == 1 else torch.cat(products)


def _on_tensor_cores(rows: Tensor, taps: Tensor, weight: Tensor) -> Tensor:
    items, width = taps.shape
    count, channels, out = *rows.shape, weight.shape[0]
    found = rows.new_empty(items, out)
    if items == 0:
        return found
    block_items, block_out, block_channels = 64, min(128, max(16, triton.next_power_of_2(out))), 32
    grid = (triton.cdiv(items, block_items), triton.cdiv(out, block_out))
    _gather_matmul[grid](
        *(rows.contiguous(), taps.to(torch.int32).contiguous(), weight.contiguous(), found),
        *(count, items, width, channels, out),
        BLOCK_ITEMS=block_items, BLOCK_OUT=block_out, BLOCK_CHANNELS=block_channels,
    )  # fmt: skip
    return found


if triton is not None:

    @triton.jit
    def _gather_matmul(
        rows, taps, weight, found, count, items, width, channels, out,
        BLOCK_ITEMS: tl.constexpr, BLOCK_OUT: tl.constexpr, BLOCK_CHANNELS: tl.constexpr,
    ):  # fmt: skip
        """One block of items and outputs: sums over taps and blocks of channels, in float32."""
        item = tl.program_id(0) * BLOCK_ITEMS + tl.arange(0, BLOCK_ITEMS)
        column = tl.program_id(1) * BLOCK_OUT + tl.arange(0, BLOCK_OUT)
        channel = tl.arange(0, BLOCK_CHANNELS)
        total = tl.zeros((BLOCK_ITEMS, BLOCK_OUT), dtype=tl.float32)
        for tap in range(width):
            row = tl.load(taps + item * width + tap, mask=item < items, other=count).to(tl.int64)
            for first in range(0, channels, BLOCK_CHANNELS):
                inside = first + channel < channels
                x = tl.load(
                    rows + row[:, None] * channels + first + channel[None, :],
                    mask=(row < count)[:, None] & inside[None, :],
                    other=0.0,
                )
                w = tl.load(
                    weight + column[None, :] * width * channels + tap * channels + first + channel[:, None],
                    mask=(column < out)[None, :] & inside[:, None],
                    other=0.0,
                )
                total = tl.dot(x, w, acc=total, input_precision="tf32x3")
        place = found + item.to(tl.int64)[:, None] * out + column[None, :]
        tl.store(
            place, total.to(found.dtype.element_ty), mask=(item < items)[:, None] & (column < out)[None, :]
        )
