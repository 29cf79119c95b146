"""Splitting long edges at their middle."""

import torch
from jaxtyping import Float
from torch import Tensor

from .topology import Topology, next_corner, ranks


def choose_splits(excess: Float[Tensor, " edge"], topology: Topology) -> Tensor:
    """Pick edges to split so that no face loses two.

    Args:
        excess: by which edges are ordered; those above 0 should be split.
        topology: of the mesh.

    Returns:
        Indices of the edges with `excess > 0` that come first in both of their faces.
    """
    wanted = torch.nonzero(excess > 0)[:, 0]
    rank = ranks(excess[wanted])
    sides = topology.edge_faces[wanted]
    best = torch.full((len(topology.faces),), -1, dtype=rank.dtype, device=rank.device)
    best.scatter_reduce_(0, sides.reshape(-1), rank.repeat_interleave(2), "amax")
    return wanted[(best[sides] == rank[:, None]).all(dim=1)]


def split(attributes: list[Tensor], topology: Topology, edges: Tensor) -> tuple[list[Tensor], Tensor]:
    """Put a vertex in the middle of each of `edges` and halve their faces.

    Args:
        attributes: tensors (vert, ...), the vertices among them; new rows are means of the edge's two ends.
        topology: of the mesh.
        edges: indices of edges no two of which share a face.

    Returns:
        The attributes with rows added at the end, and the faces.
    """
    ends = topology.ends[edges]
    grown = [torch.cat([x, (x[ends[:, 0]] + x[ends[:, 1]]) / 2]) for x in attributes]
    middle = topology.num_verts + torch.arange(len(edges), device=edges.device)
    half_edges = topology.half_edges[edges].reshape(-1)
    middle = middle.repeat_interleave(2)
    # A face (a, b, c) with the half-edge a -> b becomes (a, m, c), and (m, b, c) is added.
    added = topology.faces[half_edges // 3].clone()
    added.scatter_(1, (half_edges % 3)[:, None], middle[:, None])
    faces = topology.faces.reshape(-1).clone()
    faces[next_corner(half_edges)] = middle
    return grown, torch.cat([faces.reshape(-1, 3), added])
