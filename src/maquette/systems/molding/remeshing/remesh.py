"""One pass of remeshing: split, collapse, flip, relax."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .collapse import choose_collapses, collapse, keeps_manifold, keeps_shape
from .flip import choose_flips, flip
from .relax import relax
from .split import choose_splits, split
from .topology import Topology, edge_lengths, find_topology


@dataclass(frozen=True)
class RemeshConfig:
    """How a pass remeshes.

    Attributes:
        split_above: edges longer than this times their reference length are split (4/3: Botsch and Kobbelt).
        collapse_below: edges shorter than this times their reference length are collapsed; < split_above / 2
            would never undo a split, 4/5 gives the most even mesh.
        rounds: how many sets of edges are split, collapsed and flipped, each.
        relax: amount of tangential smoothing, in [0, 1].
        max_verts: no more splits above this number of vertices.
    """

    split_above: float = 4 / 3
    collapse_below: float = 4 / 5
    rounds: int = 2
    relax: float = 0.5
    max_verts: int = 100_000


@dataclass(frozen=True)
class RemeshedSurface:
    """A closed triangle mesh with something at its vertices.

    Attributes:
        verts: (vert, 3) positions.
        faces: (face, 3) vertex indices, counter-clockwise from outside.
        length: (vert,) reference edge length at each vertex, > 0.
        attributes: tensors (vert, ...) that follow the vertices; new vertices get the mean of an edge's ends.
    """

    verts: Float[Tensor, "vert 3"]
    faces: Int[Tensor, "face 3"]
    length: Float[Tensor, " vert"]
    attributes: tuple[Tensor, ...] = ()

    def relative_lengths(self, topology: Topology) -> Float[Tensor, " edge"]:
        """Length of every edge over the mean of the reference lengths at its ends."""
        return edge_lengths(self.verts, topology) / self.length[topology.ends].mean(dim=1)

    def _carried(self) -> list[Tensor]:
        return [self.verts, self.length, *self.attributes]

    @staticmethod
    def _joined(carried: list[Tensor], faces: Tensor) -> "RemeshedSurface":
        return RemeshedSurface(carried[0], faces, carried[1], tuple(carried[2:]))


@torch.no_grad()
def remesh(surface: RemeshedSurface, config: RemeshConfig | None = None) -> RemeshedSurface:
    """Bring a surface's edges towards their reference length.

    Args:
        surface: closed, consistently oriented, manifold; of any genus and number of components.
        config: bounds and effort.

    Returns:
        A surface of the same topology with other vertices and faces. Only splits and flips can be had
        everywhere; a collapse that would break the manifold or turn a face over is left out.

    Raises:
        ValueError: where the surface is open or its faces disagree in orientation.
    """
    config = config or RemeshConfig()
    for operation in (_split_long, _collapse_short, _flip_uneven):
        for _ in range(config.rounds):
            changed = operation(surface, config)
            if changed is None:
                break
            surface = changed
    topology = find_topology(surface.faces, len(surface.verts))
    verts = relax(surface.verts, topology, config.relax)
    return RemeshedSurface(verts, surface.faces, surface.length, surface.attributes)


def _split_long(surface: RemeshedSurface, config: RemeshConfig) -> RemeshedSurface | None:
    topology = find_topology(surface.faces, len(surface.verts))
    edges = choose_splits(surface.relative_lengths(topology) - config.split_above, topology)
    edges = edges[: max(config.max_verts - len(surface.verts), 0)]
    return RemeshedSurface._joined(*split(surface._carried(), topology, edges)) if len(edges) else None


def _collapse_short(surface: RemeshedSurface, config: RemeshConfig) -> RemeshedSurface | None:
    topology = find_topology(surface.faces, len(surface.verts))
    relative = surface.relative_lengths(topology)
    edges = torch.nonzero(relative < config.collapse_below)[:, 0]
    edges = edges[keeps_manifold(topology, edges)]
    longest = surface.length[topology.ends[edges]].mean(dim=1) * config.split_above
    edges = edges[keeps_shape(surface.verts, topology, edges, longest)]
    edges = choose_collapses(topology, edges, -relative[edges])
    return RemeshedSurface._joined(*collapse(surface._carried(), topology, edges)) if len(edges) else None


def _flip_uneven(surface: RemeshedSurface, config: RemeshConfig) -> RemeshedSurface | None:
    topology = find_topology(surface.faces, len(surface.verts))
    edges = choose_flips(surface.verts, topology)
    if len(edges) == 0:
        return None
    return RemeshedSurface(surface.verts, flip(topology, edges), surface.length, surface.attributes)
