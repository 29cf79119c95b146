"""Repeating the items of packed tensors without a loop over items."""

import torch
from torch import Tensor

from ..utils import packed_indices


def repeat_counts(counts: list[int], copies: int) -> list[int]:
    """Each number `copies` times in a row."""
    return [count for count in counts for _ in range(copies)]


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
    passed = (target.cumsum(0) - target) * (copies - 1)
    shift = passed[:, None] + target[:, None] * torch.arange(copies, device=x.device)
    if len(set(counts)) == 1:
        blocks = x.reshape(len(counts), 1, -1) + shift[..., None]
        return blocks.view(-1, *x.shape[1:])
    owner = packed_indices(repeat_counts(counts, copies), x.device)[1]
    return repeat_rows(x, counts, copies) + shift.view(-1)[owner].view(-1, *(1,) * (x.ndim - 1))
