"""Uniform graph Laplacian of packed edges."""

import torch
from jaxtyping import Int
from torch import Tensor


def uniform_laplacian(
    num_verts: int, edges: Int[Tensor, "edge 2"], dtype: torch.dtype = torch.float32
) -> Tensor:
    """Sparse (num_verts, num_verts) matrix with -1 on the diagonal and 1/degree(i) at each edge (i, j).

    Rows sum to zero, except at vertices without an edge, where only the -1 stands.
    """
    loop = torch.arange(num_verts, device=edges.device)
    row = torch.cat([edges[:, 0], edges[:, 1]])
    col = torch.cat([edges[:, 1], edges[:, 0]])
    degree = torch.bincount(row, minlength=num_verts).to(dtype)
    values = torch.cat([degree.reciprocal()[row], degree.new_full((num_verts,), -1.0)])
    indices = torch.stack([torch.cat([row, loop]), torch.cat([col, loop])])
    size = (num_verts, num_verts)
    return torch.sparse_coo_tensor(indices, values, size, check_invariants=False).coalesce()
