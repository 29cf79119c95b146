"""Small functions of other versions, under PyTorch3D's path."""

from collections.abc import Sequence

import torch
from torch import Tensor


def meshgrid_ij(*A: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """`torch.meshgrid` with the first result varying along the first axis.

    Args:
        A: K vectors, or one sequence of them.

    Returns:
        K tensors of one shape, the lengths of the vectors.
    """
    return torch.meshgrid(*A, indexing="ij")  # type: ignore[arg-type]  # takes one sequence too
