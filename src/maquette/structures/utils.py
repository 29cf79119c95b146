"""Conversions between the three forms of a heterogeneous batch.

- *list*: one tensor an item, sizes differ;
- *packed*: all items concatenated along the first axis;
- *padded*: one tensor with a batch axis, short items filled up with a constant.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


def present(value: T | None) -> T:
    """A value that is there, though its type says that it may be None."""
    assert value is not None
    return value


def list_to_padded(
    x: list[Tensor] | tuple[Tensor, ...],
    pad_size: Sequence[int] | None = None,
    pad_value: float = 0.0,
    equisized: bool = False,
) -> Tensor:
    """Stack tensors of different sizes into one, filling the gaps.

    Args:
        x: N tensors with the same number of axes; an empty 1-D tensor stands for an empty item of any rank.
        pad_size: size of every axis of an item in the result; by default the largest one in the list.
        pad_value: what fills the gaps.
        equisized: the caller knows that all items have the same shape; nothing is checked then.

    Returns:
        tensor (N, *pad_size).

    Raises:
        ValueError: an item is no tensor, ranks differ, or `pad_size` has another rank.
    """
    if equisized:
        return torch.stack(list(x), 0)
    if not all(torch.is_tensor(item) for item in x):
        raise ValueError("All items have to be instances of a torch.Tensor.")
    rank = max(item.ndim for item in x)
    items = [item.new_zeros((0,) * rank) if item.shape == (0,) else item for item in x]
    if any(item.ndim != rank for item in items):
        raise ValueError("All items have to have the same number of dimensions!")
    if pad_size is None:
        pad_size = [max(item.shape[axis] for item in items) for axis in range(rank)]
    elif len(pad_size) != rank:
        raise ValueError("Pad size must contain target size for all dimensions.")
    padded = items[0].new_full((len(items), *pad_size), pad_value)
    for row, item in zip(padded, items, strict=True):
        if len(item) > 0:
            row[tuple(slice(size) for size in item.shape)] = item
    return padded


def padded_to_list(x: Tensor, split_size: Sequence[int | Sequence[int]] | None = None) -> list[Tensor]:
    """Cut a padded tensor (N, S_1, ..., S_D) into N views.

    Args:
        x: padded tensor.
        split_size: for each item either the size of its first axis or the sizes of all its axes; None keeps
            all.

    Returns:
        list of N views of `x`.

    Raises:
        ValueError: `split_size` has another length than the batch.
    """
    rows = list(x.unbind(0))
    if split_size is None:
        return rows
    if len(split_size) != len(rows):
        raise ValueError("Split size must be of same length as inputs first dimension")
    return [
        row[:size] if isinstance(size, int) else row[tuple(map(slice, size))]
        for row, size in zip(rows, split_size, strict=True)
    ]


def list_to_packed(x: list[Tensor]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Concatenate N tensors (M_i, K, ...) and say where each one went.

    Returns:
        (packed (sum M_i, K, ...), sizes (N,), index of the first row of every item (N,),
        item every row belongs to (sum M_i,)).

    Raises:
        ValueError: the list is empty.
    """
    if not x:
        raise ValueError("Input list is empty")
    sizes = [len(item) for item in x]
    num_items = torch.tensor(sizes, dtype=torch.int64, device=x[0].device)
    first_idx, to_list_idx = packed_indices(sizes, x[0].device)
    return torch.cat(x, dim=0), num_items, first_idx, to_list_idx


def packed_to_list(x: Tensor, split_size: list[int] | int) -> tuple[Tensor, ...]:
    """Cut a packed tensor (sum M_i, K, ...) into views of `split_size` rows each."""
    parts: tuple[Tensor, ...] = x.split(split_size, dim=0)
    return parts


def padded_to_packed(
    x: Tensor,
    split_size: Sequence[Any] | None = None,
    pad_value: float | int | None = None,
) -> Tensor:
    """Drop the padding of a tensor (N, M, K).

    Args:
        x: padded tensor with three axes.
        split_size: number of rows to keep of every item.
        pad_value: drop the rows that hold nothing but this value. Not together with `split_size`.

    Returns:
        (sum M_i, K); (N * M, K), a view where possible, when neither option is given.

    Raises:
        ValueError: wrong rank, both options given, or a `split_size` that does not fit.
    """
    if x.ndim != 3:
        raise ValueError("Supports only 3-dimensional input tensors")
    if split_size is not None and pad_value is not None:
        raise ValueError("Only one of split_size or pad_value should be provided.")
    flat = x.reshape(-1, x.shape[2])
    if pad_value is not None:
        return flat[flat.ne(pad_value).any(-1)]
    if split_size is None:
        return flat
    if len(split_size) != x.shape[0]:
        raise ValueError("Split size must be of same length as inputs first dimension")
    if not all(isinstance(size, int) for size in split_size):
        raise ValueError(
            "Support only 1-dimensional unbinded tensor. Split size for more dimensions provided"
        )
    return flat[padded_positions(list(split_size), x.shape[1], x.device)]


def packed_indices(sizes: list[int], device: torch.device) -> tuple[Tensor, Tensor]:
    """Index of the first packed row of every item (N,), and the item of every packed row (sum,)."""
    count = torch.tensor(sizes, dtype=torch.int64, device=device)
    end = count.cumsum(0)
    if len(set(sizes)) == 1:
        owner = torch.arange(len(sizes), device=device)[:, None].expand(-1, sizes[0]).reshape(-1)
    else:
        owner = torch.bucketize(torch.arange(sum(sizes), device=device), end, right=True)
    return end - count, owner


def padded_positions(sizes: list[int], width: int, device: torch.device) -> Tensor:
    """Row of the flattened padded tensor (N * width) that every packed row comes from (sum,)."""
    first, owner = packed_indices(sizes, device)
    return torch.arange(len(owner), device=device) + (owner * width - first[owner])
