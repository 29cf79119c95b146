"""What batches of meshes and of point clouds have in common: selecting, splitting and moving them."""

from typing import Self

import torch
from torch import Tensor

Index = int | slice | list[int] | Tensor


class PackedBatch:
    """N things of different sizes on one device."""

    device: torch.device
    _N: int

    def __len__(self) -> int:
        return self._N

    def __getitem__(self, index: Index) -> Self:
        """Select by an int, a slice, a list of ints, or a 1-D boolean or integer tensor; memory is shared.

        Raises:
            IndexError: anything else.
        """
        raise NotImplementedError

    def clone(self) -> Self:
        """Copy in memory of its own."""
        raise NotImplementedError

    def _moved(self, device: torch.device) -> Self:
        """Copy on another device."""
        raise NotImplementedError

    def to(self, device: str | torch.device, copy: bool = False) -> Self:
        """The batch on `device`: this object when it is there already and `copy` is False, else a copy."""
        target = torch.empty(0, device=device).device
        if self.device == target:
            return self.clone() if copy else self
        return self._moved(target)

    def cpu(self) -> Self:
        """The batch on the CPU."""
        return self.to("cpu")

    def cuda(self) -> Self:
        """The batch on the current CUDA device."""
        return self.to("cuda")

    def split(self, split_sizes: list[int]) -> list[Self]:
        """Cut the batch into consecutive batches of the given sizes.

        Raises:
            ValueError: a size is no int.
        """
        if not all(isinstance(size, int) for size in split_sizes):
            raise ValueError("Value of split_sizes must be a list of integers.")
        ends = torch.tensor(split_sizes).cumsum(0).tolist()
        return [self[end - size : end] for size, end in zip(split_sizes, ends, strict=True)]


def chosen_places(index: Index, count: int) -> list[int]:
    """Places in a batch of `count` that an index chooses.

    Raises:
        IndexError: no int, slice, list, or 1-D boolean or integer tensor.
    """
    if isinstance(index, slice):
        return list(range(count)[index])
    if isinstance(index, int):
        return [index]
    if isinstance(index, list):
        return index
    if isinstance(index, Tensor) and index.dim() == 1 and not index.is_floating_point():
        index = index.nonzero().squeeze(1) if index.dtype == torch.bool else index
        places: list[int] = index.tolist()
        return places
    raise IndexError(index)


def require_place(index: int, count: int, name: str, names: str) -> None:
    """Check the index of one item, which messages call `name`.

    Raises:
        ValueError: no int, or out of [0, count).
    """
    if not isinstance(index, int):
        raise ValueError(f"{name} index must be an integer.")
    if not 0 <= index < count:
        raise ValueError(
            f"{name} index must be in the range [0, N) where N is the number of {names} in the batch."
        )


def require_copies(N: int) -> None:
    """Check how often every item is to be repeated.

    Raises:
        ValueError: no positive int.
    """
    if not isinstance(N, int):
        raise ValueError("N must be an integer.")
    if N <= 0:
        raise ValueError("N must be > 0.")
