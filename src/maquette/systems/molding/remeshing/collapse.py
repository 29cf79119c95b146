"""Collapsing short edges to their middle."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from .topology import Topology, expand, ranks, strongest


def keeps_manifold(topology: Topology, edges: Tensor) -> Bool[Tensor, " n"]:
    """The link condition: an edge's ends share its two apexes as neighbours and no other vertex.

    Apexes need four edges, else two faces would fall onto one another.
    """
    starts, neighbour, _ = topology.stars
    a, b = topology.ends[edges].unbind(dim=1)
    owner, place = expand(topology.valence[a], starts[a])
    shared = topology.has_edge(neighbour[place], b[owner])
    common = torch.zeros(len(edges), dtype=torch.long, device=edges.device).index_add_(
        0, owner, shared.long()
    )
    roomy = (topology.valence[topology.apexes[edges]] > 3).all(dim=1)
    return (common == 2) & roomy


def keeps_shape(
    verts: Float[Tensor, "vert 3"],
    topology: Topology,
    edges: Tensor,
    longest: Float[Tensor, " n"],
    least_cosine: float = 0.3,
) -> Bool[Tensor, " n"]:
    """Whether no face around the edge turns over or thins to nothing, and no edge grows too long.

    Args:
        verts: positions.
        topology: of the mesh.
        edges: edges to try.
        longest: bound on the new edges' length, one for each of `edges`.
        least_cosine: between a face's normal before and after.
    """
    starts, neighbour, around = topology.stars
    ends = topology.ends[edges]
    middle = (verts[ends[:, 0]] + verts[ends[:, 1]]) / 2
    owner, place = expand(topology.valence[ends].reshape(-1), starts[ends].reshape(-1))
    owner = owner // 2
    corners = topology.faces[around[place]]
    moved = (corners[:, :, None] == ends[owner][:, None, :]).any(dim=2)
    kept = moved.sum(dim=1) == 1  # the two faces at the edge itself vanish
    old = verts[corners]
    new = torch.where(moved[:, :, None], middle[owner][:, None, :], old)
    before, after = (torch.linalg.cross(x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]) for x in (old, new))
    size, size_after = before.norm(dim=1), after.norm(dim=1)
    edge_square = (new - new.roll(-1, dims=1)).square().sum(dim=2).amax(dim=1)
    # A face that has no area before may be mended by any collapse.
    turned = (before * after).sum(dim=1) < least_cosine * size * size_after
    thin = size_after < 0.05 * edge_square
    thinner = size_after * 4 < size
    reach = (verts[neighbour[place]] - middle[owner]).norm(dim=1)
    bad = kept & (turned | (thin & (thinner | (size_after <= 1e-12 * edge_square))))
    bad |= reach > longest[owner]
    count = torch.zeros(len(edges), dtype=torch.long, device=edges.device).index_add_(0, owner, bad.long())
    return count == 0


def choose_collapses(topology: Topology, edges: Tensor, priority: Float[Tensor, " n"]) -> Tensor:
    """Pick those of `edges` that can all be collapsed at once, strongest first.

    No end of one lies in the one-ring of another's ends, and no two share an apex: then what was checked for
    each alone holds for all together.
    """
    rank = ranks(priority)
    ends = topology.ends[edges]
    best = strongest(rank, ends, topology.num_verts)
    ring = best.clone()
    for side, other in ((0, 1), (1, 0)):
        ring.scatter_reduce_(0, topology.ends[:, side], best[topology.ends[:, other]], "amax")
    first = (ring[ends] == rank[:, None]).all(dim=1)
    edges, rank = edges[first], rank[first]
    apexes = topology.apexes[edges]
    best = strongest(rank, apexes, topology.num_verts)
    return edges[(best[apexes] == rank[:, None]).all(dim=1)]


def collapse(attributes: list[Tensor], topology: Topology, edges: Tensor) -> tuple[list[Tensor], Tensor]:
    """Draw the ends of each of `edges` together.

    Args:
        attributes: tensors (vert, ...), the vertices among them; the rows of both ends become their mean.
        topology: of the mesh.
        edges: chosen by `choose_collapses`.

    Returns:
        The attributes without the rows that went, and the faces.
    """
    kept, gone = topology.ends[edges].unbind(dim=1)
    stays = torch.ones(topology.num_verts, dtype=torch.bool, device=edges.device)
    stays[gone] = False
    name = stays.cumsum(0) - 1
    name[gone] = name[kept]
    shrunk = []
    for x in attributes:
        merged = x.clone()
        merged[kept] = (x[kept] + x[gone]) / 2
        shrunk.append(merged[stays])
    alive = torch.ones(len(topology.faces), dtype=torch.bool, device=edges.device)
    alive[topology.edge_faces[edges].reshape(-1)] = False
    return shrunk, name[topology.faces[alive]]
