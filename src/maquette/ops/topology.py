"""What follows from the edges and faces of meshes alone: found once, kept as long as those tensors live.

A loss that runs thousands of times on a deforming mesh needs its neighbours and its pairs of adjacent faces
at every step. `Meshes` hands the same edge tensors to all meshes made by `offset_verts` and `update_padded`,
so results are remembered by the identity of such a tensor, and forgotten when it is changed in place or
freed.
"""

from collections.abc import Callable, MutableMapping
from typing import Any, NamedTuple, TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding_bag
from torch.utils.weak import WeakIdKeyDictionary

from ..structures import Meshes

_Result = TypeVar("_Result")
_MEMORY: MutableMapping[Tensor, tuple[int, dict[str, Any]]] = WeakIdKeyDictionary()


def remembered(key: Tensor, name: str, build: Callable[[], _Result]) -> _Result:
    """Result of `build`, computed once for the tensor `key` in its present state.

    Args:
        key: tensor that the result depends on, alone. The result must not refer to it, not even as a view.
        name: tells several results for one key apart.
        build: computes the result.
    """
    if key.is_inference():
        return build()
    version, results = _MEMORY.get(key, (-1, {}))
    if version != key._version:
        results = {}
        _MEMORY[key] = (key._version, results)
    if name not in results:
        results[name] = build()
    found: _Result = results[name]
    return found


class Neighbours(NamedTuple):
    """Neighbours of every vertex, one run after another.

    first: (V + 1,) where the run of each vertex begins; the last entry is the total.
    vert: (sum,) the neighbour.
    edge: (sum,) the edge that leads there.
    """

    first: Int[Tensor, " vert_plus_1"]
    vert: Int[Tensor, " slot"]
    edge: Int[Tensor, " slot"]


def find_neighbours(edges: Tensor, num_verts: int, sources: str = "both") -> Neighbours:
    """Sort the ends of edges by vertex; remembered for the tensor `edges`.

    Args:
        edges: (E, 2) int64 vertex indices.
        num_verts: number of vertices, V.
        sources: "both" lists each end of an edge as a neighbour of the other; "head" only column 1 as a
            neighbour of column 0; "tail" only column 0 as a neighbour of column 1.
    """

    def build() -> Neighbours:
        directions = {"head": [(0, 1)], "tail": [(1, 0)], "both": [(0, 1), (1, 0)]}[sources]
        begin = torch.cat([edges[:, a] for a, _ in directions])
        other = torch.cat([edges[:, b] for _, b in directions])
        order = begin.argsort(stable=True)
        first = order.new_zeros(num_verts + 1)
        first[1:] = torch.bincount(begin, minlength=num_verts).cumsum(0)
        return Neighbours(first, other[order], order % max(len(edges), 1))

    return remembered(edges, f"neighbours {num_verts} {sources}", build)


class _Sum(torch.autograd.Function):
    """Sums over neighbours with constant weights. The gradient sums over the reversed neighbourhoods."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weights: Tensor | None, there: Neighbours, back: Neighbours) -> Tensor:
        ctx.weights, ctx.there, ctx.back = weights, there, back
        slots = None if weights is None else weights.index_select(0, there.edge)
        return embedding_bag(
            there.vert, x, there.first, mode="sum", per_sample_weights=slots, include_last_offset=True
        )

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        return _Sum.apply(grad.contiguous(), ctx.weights, ctx.back, ctx.there), None, None, None


def sum_neighbours(x: Tensor, edges: Tensor, weights: Tensor | None = None, directed: bool = False) -> Tensor:
    """For every vertex the (weighted) sum of its neighbours' rows.

    Args:
        x: (V, D) floating-point rows of the vertices.
        edges: (E, 2) int64 vertex indices.
        weights: (E,) weight of every edge, of the type of `x`, taken as constant; None: 1.
        directed: only column 1 of an edge is a neighbour, of column 0.

    Returns:
        (V, D). Differentiable in `x`; sums run in a fixed order, so every run gives the same bits.
    """
    if x.numel() == 0 or len(edges) == 0:
        return x * 0
    there = find_neighbours(edges, len(x), "head" if directed else "both")
    back = find_neighbours(edges, len(x), "tail") if directed else there
    total: Tensor = _Sum.apply(x.contiguous(), None if weights is None else weights.detach(), there, back)
    return total


def num_neighbours(edges: Tensor, num_verts: int) -> Tensor:
    """Number of edges at every vertex (V,), int64."""
    return find_neighbours(edges, num_verts).first.diff()


class Rows(NamedTuple):
    """Rows to take from a tensor, with those that take each row of it, so that the gradient is a sum in
    order.

    row: (K,) the row taken.
    first: (R + 1,) where the run of each of the R rows begins in `takers`.
    takers: (K,) positions in `row`, sorted by the row they take.
    """

    row: Int[Tensor, " taken"]
    first: Int[Tensor, " row_plus_1"]
    takers: Int[Tensor, " taken"]


def plan_rows(index: Tensor, num_rows: int) -> Rows:
    """Prepare taking the rows `index` (K,) from tensors of `num_rows` rows."""
    first = index.new_zeros(num_rows + 1)
    first[1:] = torch.bincount(index, minlength=num_rows).cumsum(0)
    return Rows(index, first, index.argsort(stable=True))


class _Take(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Rows) -> Tensor:
        ctx.rows = rows
        return x.index_select(0, rows.row)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return _SumTakers.apply(grad.contiguous(), ctx.rows), None


class _SumTakers(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Rows) -> Tensor:
        ctx.rows = rows
        return embedding_bag(rows.takers, x, rows.first, mode="sum", include_last_offset=True)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        return _Take.apply(grad, ctx.rows), None


def take_rows(x: Tensor, rows: Rows) -> Tensor:
    """`x[rows.row]` (K, D) of a tensor (R, D), with a fast backward that sums in one order."""
    if x.numel() == 0 or len(rows.row) == 0:
        return x.index_select(0, rows.row)
    taken: Tensor = _Take.apply(x, rows)
    return taken


def edge_ends(verts: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
    """Vertices at the two ends of every edge, twice (E, 3)."""
    rows = remembered(edges, f"ends {len(verts)}", lambda: plan_rows(edges.t().reshape(-1), len(verts)))
    ends = take_rows(verts, rows).view(2, -1, verts.shape[1])
    return ends[0], ends[1]


class FacePairs(NamedTuple):
    """All pairs of faces that share an edge.

    corners: the vertices at corner 0 of all faces, at corner 1, at corner 2.
    faces: the first faces of all pairs, then the second ones.
    sign: (P,) +1 where the faces run along the edge in opposite directions (as on an oriented surface), else
    -1.
    to_mesh: (P,) mesh of every pair.
    per_mesh: (N,) number of pairs in every mesh.
    """

    corners: Rows
    faces: Rows
    sign: Float[Tensor, " pair"]
    to_mesh: Int[Tensor, " pair"]
    per_mesh: Int[Tensor, " mesh"]


def adjacent_faces(meshes: Meshes) -> FacePairs:
    """Pairs of faces with a common edge: one for an inner edge, k (k - 1) / 2 for an edge of k faces.

    Remembered for the edges of `meshes`, which meshes with moved vertices share.
    """
    edge_of_face = meshes.faces_packed_to_edges_packed()
    return remembered(edge_of_face, "adjacent faces", lambda: _find_adjacent_faces(meshes, edge_of_face))


def _find_adjacent_faces(meshes: Meshes, edge_of_face: Tensor) -> FacePairs:
    faces = meshes.faces_packed()
    begin, end = faces[:, [1, 2, 0]].reshape(-1), faces[:, [2, 0, 1]].reshape(-1)
    edge, order = edge_of_face.reshape(-1).sort(stable=True)
    sides = torch.bincount(edge, minlength=len(meshes.edges_packed()))
    one, two = _pairs_in_runs(edge, int(sides.max()) if len(sides) else 0)
    face = order // 3
    upwards = (begin < end)[order]
    to_mesh = meshes.faces_packed_to_mesh_idx()[face[one]]
    sign = 1.0 - 2.0 * (upwards[one] == upwards[two]).to(torch.float32)
    per_mesh = torch.bincount(to_mesh, minlength=len(meshes))
    return FacePairs(
        plan_rows(faces.t().reshape(-1), len(meshes.verts_packed())),
        plan_rows(face[torch.cat([one, two])], len(faces)),
        sign,
        to_mesh,
        per_mesh,
    )


def _pairs_in_runs(edge: Tensor, longest: int) -> tuple[Tensor, Tensor]:
    """All pairs (i, j), i < j, of equal values in the sorted `edge`, with runs up to `longest`."""
    one, two = [], []
    for gap in range(1, longest):
        begin = (edge[gap:] == edge[:-gap]).nonzero()[:, 0]
        one.append(begin)
        two.append(begin + gap)
    if not one:
        return edge[:0], edge[:0]
    return torch.cat(one), torch.cat(two)


def pair_cosines(meshes: Meshes) -> Float[Tensor, " pair"]:
    """Cosine of the angle between the normals of every pair of `adjacent_faces`, as if oriented alike.

    1 where the two faces go on flatly, -1 where one folds back onto the other. A face whose area vector is
    shorter than 1e-8 counts as having no direction (cosine towards 0). Differentiable in the vertices.
    """
    verts = meshes.verts_packed()
    pairs = adjacent_faces(meshes)
    v0, v1, v2 = take_rows(verts, pairs.corners).view(3, -1, 3)
    normals: Tensor = torch.nn.functional.normalize(torch.linalg.cross(v1 - v0, v2 - v0), dim=1, eps=1e-8)
    one, two = take_rows(normals, pairs.faces).view(2, -1, 3).unbind(0)
    return (one * two).sum(1) * pairs.sign.to(verts.dtype)
