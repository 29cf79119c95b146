"""Repeating the items of packed tensors without a loop over items."""

import torch
from torch import Tensor


def repeat_rows(x: Tensor, counts: list[int], copies: int) -> Tensor:
    """Repeat each run of `counts[i]` rows `copies` times in a row: AABBB -> AA AA BBB BBB for two copies.

    Args:
        x: (sum(counts), ...) packed tensor.
        counts: rows of every item.
        copies: how often each item comes.

    Returns:
        (copies * sum(counts), ...), newly allocated; differentiable.
    """
    if len(set(counts)) == 1:
        blocks = x.reshape(len(counts), 1, counts[0], *x.shape[1:])
        wide = blocks.expand(-1, copies, *blocks.shape[2:])
        return wide.reshape(-1, *x.shape[1:]) if copies > 1 else x.clone()
    return torch.cat([run for item in x.split(counts) for run in (item,) * copies])


def repeat_pointers(x: Tensor, counts: list[int], target_counts: list[int], copies: int) -> Tensor:
    """Like `repeat_rows` for rows holding indices into another packed tensor that is repeated as well.

    Args:
        x: (sum(counts), ...) indices into a packed tensor with `target_counts` rows an item.
        counts: rows of every item in `x`.
        target_counts: rows of every item that `x` points into.
        copies: how often each item comes.

    Returns:
        (copies * sum(counts), ...) indices into the repeated target.
    """
    target = torch.tensor(target_counts, device=x.device)
    old_first = (target.cumsum(0) - target).repeat_interleave(copies)
    wide = target.repeat_interleave(copies)
    shift = wide.cumsum(0) - wide - old_first
    if len(set(counts)) == 1:
        blocks = x.reshape(len(counts), 1, -1) + shift.view(len(counts), copies, 1)
        return blocks.view(-1, *x.shape[1:])
    rows = repeat_rows(x, counts, copies)
    row_counts = torch.tensor(counts, device=x.device).repeat_interleave(copies)
    return rows + shift.repeat_interleave(row_counts).view(-1, *(1,) * (x.ndim - 1))
