"""The warning that PyTorch3D's readers and writers give for indices out of range."""

import warnings

import torch
from torch import Tensor


def warn_of_invalid_indices(index: Tensor, count: int, absent: Tensor | None = None) -> None:
    """Warn "Faces have invalid indices" when an index is negative or not below `count`.

    Args:
        index: (F, 3) indices.
        count: number of things indexed.
        absent: (F,) bool, faces left out of the check.
    """
    if absent is not None:
        index = index[~absent]
    if bool(torch.any((index < 0) | (index >= count))):
        warnings.warn("Faces have invalid indices", stacklevel=3)
