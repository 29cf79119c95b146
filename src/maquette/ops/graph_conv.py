"""Graph convolution: a vertex's own features and the sum of its neighbours', each through a linear layer."""

import torch
from torch import Tensor, nn

from .topology import sum_neighbours

__all__ = ["GraphConv", "gather_scatter", "gather_scatter_python"]


class GraphConv(nn.Module):
    """One layer f'_i = W0 f_i + b0 + sum over neighbours j of (W1 f_j + b1) (Mesh R-CNN, section 3.1).

    Same parameters and results as PyTorch3D's layer of this name. Differs in that the two linear layers run
    as one matrix product, that neighbours are found once for an edge tensor, and that it works in any
    floating-point type and under autocast.
    """

    def __init__(self, input_dim: int, output_dim: int, init: str = "normal", directed: bool = False) -> None:
        """
        Args:
            input_dim: features a vertex coming in.
            output_dim: features a vertex going out.
            init: "normal" (weights of deviation 0.01, biases 0) or "zero" (weights 0, biases as nn.Linear's).
            directed: sum only over edges (i, j) that begin at i.

        Raises:
            ValueError: another `init`.
        """
        super().__init__()
        self.input_dim, self.output_dim, self.directed = input_dim, output_dim, directed
        self.w0 = nn.Linear(input_dim, output_dim)
        self.w1 = nn.Linear(input_dim, output_dim)
        if init not in ("normal", "zero"):
            raise ValueError(f'Invalid GraphConv initialization "{init}"')
        for linear in (self.w0, self.w1):
            if init == "normal":
                nn.init.normal_(linear.weight, std=0.01)
                nn.init.zeros_(linear.bias)
            else:
                nn.init.zeros_(linear.weight)

    def forward(self, verts: Tensor, edges: Tensor) -> Tensor:
        """
        Args:
            verts: (V, input_dim) features.
            edges: (E, 2) int64 vertex indices.

        Returns:
            (V, output_dim) features.

        Raises:
            ValueError: the arguments are on different devices or have wrong shapes.
        """
        if verts.device != edges.device:
            raise ValueError("verts and edges tensors must be on the same device.")
        if len(verts) == 0:
            return verts.new_zeros((0, self.output_dim)) * verts.sum()
        weight = torch.cat([self.w0.weight, self.w1.weight])
        bias = torch.cat([self.w0.bias, self.w1.bias])
        parts: tuple[Tensor, Tensor] = nn.functional.linear(verts, weight, bias).split(self.output_dim, dim=1)
        own, offered = parts
        _check_edges(offered, edges)
        return own + sum_neighbours(offered, edges, directed=self.directed)

    def __repr__(self) -> str:
        return f"GraphConv({self.input_dim} -> {self.output_dim}, directed={self.directed})"


def gather_scatter(input: Tensor, edges: Tensor, directed: bool = False) -> Tensor:
    """Sum of the neighbours' rows for every vertex.

    Args:
        input: (V, D) float32.
        edges: (E, 2) int64 vertex indices; with `directed` row i receives row j of each edge (i, j), else
            both receive each other's.
        directed: whether edges have a direction.

    Returns:
        (V, D). Differentiable in `input`; the same bits on every run.

    Raises:
        ValueError: wrong shapes or types.
    """
    _check_edges(input, edges)
    _check_types(input, edges)
    return sum_neighbours(input, edges, directed=directed)


def gather_scatter_python(input: Tensor, edges: Tensor, directed: bool = False) -> Tensor:
    """`gather_scatter` by two scattered additions: slower, with no memory of the edges."""
    _check_edges(input, edges)
    _check_types(input, edges)
    tail, head = edges.unbind(1)
    out = torch.zeros_like(input).index_add(0, tail, input[head])
    return out if directed else out.index_add(0, head, input[tail])


def _check_edges(input: Tensor, edges: Tensor) -> None:
    if input.dim() != 2:
        raise ValueError("input can only have 2 dimensions.")
    if edges.dim() != 2:
        raise ValueError("edges can only have 2 dimensions.")
    if edges.shape[1] != 2:
        raise ValueError("edges must be of shape (num_edges, 2).")


def _check_types(input: Tensor, edges: Tensor) -> None:
    if input.dtype != torch.float32:
        raise ValueError("input has to be of type torch.float32.")
    if edges.dtype != torch.int64:
        raise ValueError("edges has to be of type torch.int64.")
