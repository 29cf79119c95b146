"""`gather_matmul` on CUDA: an implicit matrix product, which reads windows on its way to the tensor cores.

Float32 is multiplied as three products of TF32, which is float32 to its last bits; sums are float32 for any type.
"""

import torch
import triton
import triton.language as tl
from jaxtyping import Float, Int
from torch import Tensor


@triton.jit
def _gather_matmul(  # type: ignore[no-untyped-def]
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
    tl.store(place, total.to(found.dtype.element_ty), mask=(item < items)[:, None] & (column < out)[None, :])


def on_tensor_cores(
    rows: Float[Tensor, "row channel"],
    taps: Int[Tensor, "item tap"],
    weight: Float[Tensor, "out tap*channel"],
) -> Float[Tensor, "item out"]:
    """out[i] = weight @ concatenation over t of rows[taps[i, t]]; arguments are `gather_matmul`'s, on CUDA."""
    items, width = taps.shape
    count, channels, out = *rows.shape, weight.shape[0]
    found = rows.new_empty(items, out)
    if items == 0:
        return found
    block_items, block_out, block_channels = 64, min(128, max(16, triton.next_power_of_2(out))), 32
    grid = (triton.cdiv(items, block_items), triton.cdiv(out, block_out))
    weight = weight.to(rows.dtype).contiguous()  # autocast may have lowered the rows alone
    with torch.cuda.device_of(rows):
        _gather_matmul[grid](
            *(rows.contiguous(), taps.to(torch.int32).contiguous(), weight, found),
            *(count, items, width, channels, out),
            BLOCK_ITEMS=block_items, BLOCK_OUT=block_out, BLOCK_CHANNELS=block_channels,
        )  # fmt: skip
    return found
