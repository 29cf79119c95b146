"""Between packed rows (all elements of a batch one after the other) and padded rows (one row an element)."""

import torch
from jaxtyping import Int
from torch import Tensor


def packed_to_padded(inputs: Tensor, first_idxs: Int[Tensor, " batch"], max_size: int) -> Tensor:
    """Give each batch element a row of its own, filled up with zeros.

    Args:
        inputs: (F, ...) packed values, of any floating type.
        first_idxs: (N,) where each element's values begin; they end where the next element's begin.
        max_size: length of a row; what an element has beyond it is cut.

    Returns:
        (N, max_size, ...)
    """
    rows, inside = _rows(first_idxs, len(inputs), max_size)
    if len(inputs) == 0:
        return inputs.sum().expand(*rows.shape, *inputs.shape[1:]).clone()
    taken = inputs.index_select(0, rows.clamp(max=len(inputs) - 1).view(-1))
    taken = taken.view(*rows.shape, *inputs.shape[1:])
    return taken.masked_fill(~_like(inside, taken), 0.0)


def padded_to_packed(
    inputs: Tensor, first_idxs: Int[Tensor, " batch"], num_inputs: int, max_size_dim: int = 1
) -> Tensor:
    """Put the filled part of each row one after the other; the inverse of `packed_to_padded`.

    Args:
        inputs: (N, ..., max_size, ...) padded values, of any floating type.
        first_idxs: (N,) where each element's values begin among the packed ones.
        num_inputs: number F of packed values.
        max_size_dim: which dimension of `inputs` is the padded one.

    Returns:
        (F, ...); zero where an element has more values than its row could hold.
    """
    inputs = inputs.movedim(max_size_dim, 1)
    rows, inside = _rows(first_idxs, num_inputs, inputs.shape[1])
    packed = inputs.new_zeros(num_inputs, *inputs.shape[2:])
    return packed.index_copy(0, rows[inside], inputs[inside])


def _rows(first: Tensor, count: int, width: int) -> tuple[Tensor, Tensor]:
    """Packed row of every padded place, and whether the place belongs to its element."""
    end = torch.cat([first[1:], first.new_tensor([count])])
    rows = first[:, None] + torch.arange(width, device=first.device)
    return rows, rows < end[:, None]


def _like(mask: Tensor, values: Tensor) -> Tensor:
    return mask.view(*mask.shape, *[1] * (values.ndim - 2))
