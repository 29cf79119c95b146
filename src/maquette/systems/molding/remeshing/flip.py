"""Turning the diagonal of two neighbouring faces."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .topology import Topology, ranks, strongest


def valence_gain(topology: Topology) -> Int[Tensor, " edge"]:
    """By how much a flip would lower the sum over vertices of (valence - 6)^2, halved.

    Ends lose an edge and apexes win one: the change is 2 (2 + sum of apex valences - sum of end valences).
    """
    valence = topology.valence
    return valence[topology.ends].sum(dim=1) - valence[topology.apexes].sum(dim=1) - 2


def opposite_sine(verts: Float[Tensor, "vert 3"], topology: Topology) -> Float[Tensor, " edge"]:
    """Sine of the sum of the two angles opposite to each edge; negative where the edge is not Delaunay's."""
    low, high = verts[topology.ends].unbind(dim=1)
    sines, cosines = [], []
    for apex in verts[topology.apexes].unbind(dim=1):
        to_low, to_high = low - apex, high - apex
        sines.append(torch.linalg.cross(to_low, to_high).norm(dim=1))
        cosines.append((to_low * to_high).sum(dim=1))
    sine: Tensor = sines[0] * cosines[1] + sines[1] * cosines[0]
    return sine


def _quality(normal: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Twice the area over the longest edge squared: 0.87 for an equilateral triangle, 0 for a sliver."""
    longest = torch.stack([side.square().sum(dim=1) for side in (a - b, b - c, c - a)]).amax(dim=0)
    quality: Tensor = normal.norm(dim=1) / longest.clamp(min=1e-30)
    return quality


def keeps_shape(
    verts: Float[Tensor, "vert 3"], topology: Topology, edges: Tensor, least_cosine: float
) -> Bool[Tensor, " n"]:
    """Whether a flip of each of `edges` leaves the surface nearly where it is and makes no sliver.

    Args:
        verts: positions.
        topology: of the mesh.
        edges: edges to try.
        least_cosine: between the old faces' normals, and between each new one and the old ones' mean.
    """
    low, high, left, right = verts[topology.corners[edges]].unbind(dim=1)
    cross = torch.linalg.cross
    old = cross(high - low, left - low), cross(right - low, high - low)
    new = cross(right - low, left - low), cross(left - high, right - high)
    mean = torch.nn.functional.normalize(old[0] + old[1], dim=1, eps=1e-30)
    flat: Tensor = (old[0] * old[1]).sum(1) >= least_cosine * old[0].norm(dim=1) * old[1].norm(dim=1)
    for normal in new:
        flat &= (normal * mean).sum(1) > least_cosine * normal.norm(dim=1)
    before = torch.minimum(_quality(old[0], low, high, left), _quality(old[1], low, high, right))
    after = torch.minimum(_quality(new[0], low, right, left), _quality(new[1], high, left, right))
    return flat & (after > 0.5 * before) & (after > 1e-3)


def choose_flips(verts: Float[Tensor, "vert 3"], topology: Topology, least_cosine: float = 0.5) -> Tensor:
    """Pick edges, no two with a common vertex, whose flip evens out the valences or else the angles."""
    gain = valence_gain(topology)
    angles = opposite_sine(verts, topology)
    wanted = (gain > 0) | ((gain == 0) & (angles < 0))
    edges = torch.nonzero(wanted)[:, 0]
    apexes, ends = topology.apexes[edges], topology.ends[edges]
    allowed = ~topology.has_edge(apexes[:, 0], apexes[:, 1]) & (topology.valence[ends] > 3).all(dim=1)
    edges = edges[allowed & keeps_shape(verts, topology, edges, least_cosine)]
    rank = ranks(gain[edges].to(verts.dtype))
    corners = topology.corners[edges]
    best = strongest(rank, corners, topology.num_verts)
    return edges[(best[corners] == rank[:, None]).all(dim=1)]


def flip(topology: Topology, edges: Tensor) -> Int[Tensor, "face 3"]:
    """The faces after the flip of `edges`, no two of which have a vertex of their four in common."""
    low, high, left, right = topology.corners[edges].unbind(dim=1)
    sides = topology.edge_faces[edges]
    faces = topology.faces.clone()
    faces[sides[:, 0]] = torch.stack([low, right, left], dim=1)
    faces[sides[:, 1]] = torch.stack([high, left, right], dim=1)
    return faces
