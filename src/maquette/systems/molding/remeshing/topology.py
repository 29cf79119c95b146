"""Who is whose neighbour on a closed, oriented triangle mesh.

Half-edge `3 f + k` runs from corner k of face f to its corner k + 1. On a closed mesh each edge has two
half-edges that run in opposite directions, which makes every table below rectangular.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def next_corner(half_edge: Int[Tensor, "*n"]) -> Int[Tensor, "*n"]:
    """The half-edge that follows in the same face."""
    return half_edge + 1 - 3 * (half_edge % 3 == 2)


@dataclass(frozen=True)
class Topology:
    """Edges of a closed mesh and their surroundings.

    Attributes:
        faces: (face, 3) vertex indices.
        num_verts: number of vertices.
        half_edges: (edge, 2): the half-edge from the edge's lower vertex to its higher one, then its twin.
        ends: (edge, 2) vertex indices, lower first.
        keys: (edge,) `lower * num_verts + higher`, ascending.
    """

    faces: Int[Tensor, "face 3"]
    num_verts: int
    half_edges: Int[Tensor, "edge 2"]
    ends: Int[Tensor, "edge 2"]
    keys: Int[Tensor, " edge"]

    @cached_property
    def edge_faces(self) -> Int[Tensor, "edge 2"]:
        """The two faces of every edge."""
        return self.half_edges // 3

    @cached_property
    def apexes(self) -> Int[Tensor, "edge 2"]:
        """The vertices opposite to every edge in its two faces."""
        return self.faces.reshape(-1)[next_corner(next_corner(self.half_edges))]

    @cached_property
    def valence(self) -> Int[Tensor, " vert"]:
        """Number of edges at each vertex."""
        return torch.bincount(self.faces.reshape(-1), minlength=self.num_verts)

    @cached_property
    def corners(self) -> Int[Tensor, "edge 4"]:
        """The four vertices of the two faces of every edge: its ends, then its apexes."""
        return torch.cat([self.ends, self.apexes], dim=1)

    @cached_property
    def stars(self) -> tuple[Tensor, Tensor, Tensor]:
        """What is around each vertex, as ranges of `valence`: first index a vertex; neighbours; faces."""
        order = torch.argsort(self.faces.reshape(-1), stable=True)
        ends = self.faces.roll(-1, dims=1).reshape(-1)
        return self.valence.cumsum(0) - self.valence, ends[order], order // 3

    def has_edge(self, a: Int[Tensor, " n"], b: Int[Tensor, " n"]) -> Bool[Tensor, " n"]:
        """Whether the mesh has an edge between vertices a and b."""
        wanted = torch.minimum(a, b) * self.num_verts + torch.maximum(a, b)
        place = torch.searchsorted(self.keys, wanted).clamp_(max=len(self.keys) - 1)
        return self.keys[place] == wanted


def find_topology(faces: Int[Tensor, "face 3"], num_verts: int) -> Topology:
    """Match the half-edges of a closed, oriented, edge-manifold mesh.

    Args:
        faces: vertex indices; every edge in exactly two faces, which run along it in opposite directions.
        num_verts: number of vertices.

    Raises:
        ValueError: where the mesh is open, an edge has more than two faces, or orientations disagree.
    """
    start = faces.reshape(-1)
    end = faces.roll(-1, dims=1).reshape(-1)
    low, high = torch.minimum(start, end), torch.maximum(start, end)
    # The last bit puts the half-edge that runs upwards first.
    code, order = torch.sort((low * num_verts + high) * 2 + (start > end))
    matched = code.numel() % 2 == 0 and bool((code[0::2] + 1 == code[1::2]).all())
    if not matched or bool((code[0::2] % 2 == 1).any()) or bool((code[1:] == code[:-1]).any()):
        raise ValueError("remeshing needs a closed, consistently oriented mesh: two faces at every edge")
    half_edges = order.reshape(-1, 2)
    first = half_edges[:, 0]
    ends = torch.stack([start[first], end[first]], dim=1)
    return Topology(faces, num_verts, half_edges, ends, code[0::2] // 2)


def edge_lengths(verts: Float[Tensor, "vert 3"], topology: Topology) -> Float[Tensor, " edge"]:
    """Length of every edge."""
    lengths: Tensor = (verts[topology.ends[:, 0]] - verts[topology.ends[:, 1]]).norm(dim=1)
    return lengths


def face_normals(verts: Float[Tensor, "vert 3"], faces: Int[Tensor, "face 3"]) -> Float[Tensor, "face 3"]:
    """Normals of the faces, twice the area long."""
    a, b, c = verts[faces].unbind(dim=1)
    normals: Tensor = torch.linalg.cross(b - a, c - a)
    return normals


def expand(counts: Int[Tensor, " n"], starts: Int[Tensor, " n"]) -> tuple[Tensor, Tensor]:
    """Walk several consecutive ranges at once.

    Args:
        counts: length of each range.
        starts: first index of each range.

    Returns:
        For every element of every range: which range it is of, and the index.
    """
    owner = torch.repeat_interleave(counts)
    before = counts.cumsum(0) - counts
    return owner, torch.arange(len(owner), device=counts.device) - before[owner] + starts[owner]


def strongest(rank: Tensor, verts: Int[Tensor, "n k"], num_verts: int) -> Tensor:
    """For each vertex the highest rank of a row of `verts` that names it; -1 where none does."""
    best = torch.full((num_verts,), -1, dtype=rank.dtype, device=rank.device)
    index = verts.reshape(-1)
    return best.scatter_reduce_(0, index, rank.repeat_interleave(verts.shape[1]), "amax")


def ranks(priority: Float[Tensor, " n"]) -> Int[Tensor, " n"]:
    """Distinct ranks, higher for higher priority; equals are told apart by a scramble of their index.

    In plain index order a row of equal edges would wait for its last one, round after round.
    """
    index = torch.arange(len(priority), device=priority.device)
    scramble = torch.argsort(index * 2654435761 % 4294967291)
    rank = torch.empty_like(index)
    rank[scramble[torch.argsort(priority[scramble])]] = index
    return rank
