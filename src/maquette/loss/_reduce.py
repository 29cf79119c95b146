"""How the regularisers of meshes are averaged: over the parts of each mesh, then over the batch."""

import torch
from torch import Tensor

from ..structures import Meshes


def zero_loss(meshes: Meshes) -> Tensor:
    """What a regulariser returns for nothing at all, (1,): zero, with a graph to call `backward` on."""
    return torch.zeros(1, dtype=torch.float32, device=meshes.device, requires_grad=True)


def mean_over_meshes(values: Tensor, to_mesh: Tensor, per_mesh: Tensor) -> Tensor:
    """Mean over the batch of the means over each mesh's own values.

    Args:
        values: (P,) values of all parts of all meshes.
        to_mesh: (P,) mesh of every value.
        per_mesh: (N,) number of values in every mesh; a mesh of none counts as 0.
    """
    if len(per_mesh) == 1:
        return values.sum() / max(len(values), 1)
    weights = per_mesh.to(values.dtype).clamp(min=1).reciprocal().index_select(0, to_mesh)
    return (values * weights).sum() / len(per_mesh)
