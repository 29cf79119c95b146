"""Rows of a matrix, gathered by windows, times a matrix: a sparse convolution is one such product.

On CUDA, where Triton is installed, the windows are read inside the product (an implicit matrix product on tensor
cores); elsewhere they are laid out, some at a time, for torch's product.
"""

from functools import cache
from importlib.util import find_spec

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

_WINDOW_VALUES = 1 << 24  # laid out at once: 64 MiB of float32


@cache
def has_triton() -> bool:
    """Whether Triton is installed: it comes with torch for CUDA on Linux."""
    return find_spec("triton") is not None


def gather_matmul(
    rows: Float[Tensor, "row channel"],
    taps: Int[Tensor, "item tap"],
    weight: Float[Tensor, "out tap*channel"],
) -> Float[Tensor, "item out"]:
    """out[i] = weight @ concatenation over t of rows[taps[i, t]].

    Args:
        rows: features of positions.
        taps: rows of each item's window, one after another; the number of rows stands for a row of zeros.
        weight: in the order of the taps, the channels of each together.

    Raises:
        RuntimeError: gradients are wanted on CUDA, where there are none.
    """
    if rows.is_cuda and has_triton():
        if torch.is_grad_enabled() and any(x.requires_grad for x in (rows, weight)):
            raise RuntimeError("gather_matmul has no gradients on CUDA")
        from .gather_matmul_triton import on_tensor_cores  # takes a while to import

        return on_tensor_cores(rows, taps, weight)
    padded = F.pad(rows, (0, 0, 0, 1))
    parts = taps.split(max(1, _WINDOW_VALUES // max(1, weight.shape[1])))
    windows = (padded.index_select(0, part.flatten()).view(len(part), weight.shape[1]) for part in parts)
    products = [window @ weight.t() for window in windows]
    return products[0] if len(products) == 1 else torch.cat(products)
