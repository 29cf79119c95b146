"""Meshes cut into parts that each have an inside of their own: connected pieces, their holes closed by caps.

The edges with an odd number of faces, of any set of faces, form closed loops (the boundary of a boundary is empty
modulo 2). So a fan from the middle of each loop always closes a piece, whatever the orientation of its faces and
however its edges branch, and a ray in any direction then tells by its parity what lies inside.
"""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float32, Int

from ..kernels.mesh_pieces import pieces

_WELD = 1 / 256  # vertices within the same such fraction of a cell are one: the grid cannot see such gaps
_FARTHEST = 2.0**40  # cells; farther away nothing can be computed
_SMALL_HOLE = 0.05  # of the piece's area: always closed
_LARGEST_HOLES = 0.4  # of the piece's area, all of its holes together: closed, else it is a sheet
_FEWEST_FACES = 4
_PRIMES = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5], np.uint64
)

Corners = Float32[np.ndarray, "face 3 3"]
Index = Int[np.ndarray, " count"]


class SolidParts(NamedTuple):
    """Parts in order of their meshes, and faces in order of their parts.

    Attributes:
        corners: of the faces whose parity tells inside from outside, caps included.
        part_of_face: the part of every face.
        mesh_of_part: the mesh of every part.
        axes_needed: how many of the three axes must find a cell inside for the part to fill it.
    """

    corners: Corners
    part_of_face: Int[np.ndarray, " face"]
    mesh_of_part: Int[np.ndarray, " part"]
    axes_needed: Int[np.ndarray, " part"]


class _Faces(NamedTuple):
    """Points, and faces between them."""

    points: np.ndarray  # (P, 3) float32
    triangles: np.ndarray  # (F, 3) indices of points
    mesh: np.ndarray  # (F,)


class _Edges(NamedTuple):
    """Edges and the faces around each, one edge after another."""

    key: np.ndarray  # (E,) number of points times the lesser end, plus the other
    starts: np.ndarray  # (E + 1,) where the first of its faces is in `face`, and the end
    counts: np.ndarray  # (E,) faces
    face: np.ndarray  # ascending for each edge


def solid_parts(
    verts: Float32[np.ndarray, "vert 3"],
    faces: Int[np.ndarray, "face 3"],
    mesh_of_face: Int[np.ndarray, " face"],
) -> SolidParts:
    """Cut meshes into the parts that are filled one by one.

    Faces that share an edge are one piece; vertices at the same place count as one, faces with the same three
    vertices as one. The holes of a piece are closed when all their caps together have at most 0.4 of its area, else
    only those that have at most 0.05 each: a cup without a lid, a tube, a shape that lost some of its faces have an
    inside, a curtain has none. A piece that stays open fills a cell that two of the axes call inside; all such
    pieces of a mesh together, as one more part, a cell that all three do: six loose squares make a box.

    Args:
        verts: in cells of the grid.
        faces: of all meshes; any whose coordinates are not finite, or beyond 2^40 cells, are left out.
        mesh_of_face: in ascending order.
    """
    near = np.abs(verts) <= _FARTHEST
    if not near.all():
        keep = near.all(axis=1)[faces].all(axis=1)
        faces, mesh_of_face = faces[keep], mesh_of_face[keep]
    whole = _Faces(verts, faces, mesh_of_face)
    edges = _edges(whole)
    if not _is_closed(edges):
        whole = _welded(whole)
        edges = _edges(whole)
    if len(whole.triangles) == 0:
        nothing = np.zeros(0, np.int64)
        return SolidParts(np.zeros((0, 3, 3), np.float32), nothing, nothing, nothing)
    piece_of_face = _piece_of_face(edges, len(whole.triangles))
    mesh_of_piece = np.zeros(piece_of_face.max() + 1, np.int64)
    mesh_of_piece[piece_of_face] = whole.mesh
    corners = np.take(whole.points, whole.triangles, axis=0)
    caps, piece_of_cap, is_open = _caps(whole, corners, piece_of_face, edges)
    piece = piece_of_face
    if len(caps):
        corners, piece = np.concatenate([corners, caps]), np.concatenate([piece, piece_of_cap])
    if _are_in_order(piece, is_open):
        return SolidParts(corners, piece, mesh_of_piece, np.full(len(is_open), 2))
    return _sorted_parts(corners, piece, mesh_of_piece, is_open)


def _key(columns: np.ndarray) -> np.ndarray:
    """One number for each row of integers; that two rows share one is as unlikely as a broken memory cell."""
    parts = columns.astype(np.int64).view(np.uint64) * _PRIMES[: columns.shape[1]]
    keys: np.ndarray = parts.sum(axis=1, dtype=np.uint64)
    return keys


def _welded(faces: _Faces) -> _Faces:
    """Vertices at the same place made one; without faces that are no triangle then, or there twice."""
    mesh_of_vert = np.zeros(len(faces.points), np.int64)
    mesh_of_vert[faces.triangles] = faces.mesh[:, None]
    place = np.where(np.abs(faces.points) <= _FARTHEST, faces.points, 0).astype(np.float64) / _WELD
    rows = np.column_stack([np.rint(place).astype(np.int64), mesh_of_vert])
    _, first, same = np.unique(_key(rows), return_index=True, return_inverse=True)
    index = same[faces.triangles]
    a, b, c = index.T
    keep = np.flatnonzero((a != b) & (b != c) & (c != a))
    _, once = np.unique(_key(np.sort(index[keep], axis=1)), return_index=True)
    keep = keep[np.sort(once)]
    return _Faces(faces.points[first], index[keep], faces.mesh[keep])


def _edges(faces: _Faces) -> _Edges:
    corners = faces.triangles.T
    ends = np.empty((len(faces.triangles), 3), np.int64)
    for k in range(3):
        a, b = corners[k], corners[(k + 1) % 3]
        ends[:, k] = np.minimum(a, b) * len(faces.points) + np.maximum(a, b)
    key = ends.ravel()
    bits = len(key).bit_length()
    if (len(faces.points) ** 2).bit_length() + bits < 64:
        # Sorting numbers is much faster than finding their order.
        both = np.sort(key << bits | np.arange(len(key)))
        key, order = both >> bits, both & ((1 << bits) - 1)
    else:
        order = np.argsort(key, kind="stable")
        key = key[order]
    starts = np.append(np.flatnonzero(np.diff(key, prepend=-1)), len(key))
    return _Edges(key[starts[:-1]], starts, np.diff(starts), order // 3)


def _is_closed(edges: _Edges) -> bool:
    """Whether every edge has two different faces, not two that lie upon each other; then nothing needs mending."""
    if (edges.counts != 2).any():
        return False
    neighbours = np.sort(edges.face[::2] * len(edges.face) + edges.face[1::2])
    return bool((np.diff(neighbours) != 0).all())


def _piece_of_face(edges: _Edges, count: int) -> np.ndarray:
    return pieces(torch.from_numpy(edges.starts), torch.from_numpy(edges.face), count).numpy()


def _caps(
    faces: _Faces, corners: np.ndarray, piece_of_face: np.ndarray, edges: _Edges
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Corners (C, 3, 3) of the caps over holes that are closed, the pieces of these, and which pieces stay open."""
    odd = np.flatnonzero(edges.counts & 1)
    if len(odd) == 0:
        return np.zeros((0, 3, 3), np.float32), np.zeros(0, np.int64), np.zeros(piece_of_face.max() + 1, bool)
    ends = np.column_stack(np.divmod(edges.key[odd], len(faces.points)))
    piece_of_end = piece_of_face[edges.face[edges.starts[odd]]]
    area = np.bincount(piece_of_face, _areas(corners))
    # A point at which two pieces touch is one for each of them.
    nodes, index = np.unique(piece_of_end[:, None] * len(faces.points) + ends, return_inverse=True)
    loops = _loops(index.reshape(-1, 2), len(nodes))
    path, lengths = np.concatenate(loops), np.array([len(loop) for loop in loops])
    piece_of_loop = nodes[[loop[0] for loop in loops]] // len(faces.points)
    fans, loop_of_fan = _fans(faces.points[nodes[path] % len(faces.points)], lengths)
    cap_area = np.bincount(loop_of_fan, _areas(fans), len(loops))
    is_open = np.bincount(piece_of_loop, cap_area, len(area)) > _LARGEST_HOLES * area
    closed = ~is_open[piece_of_loop] | (cap_area <= _SMALL_HOLE * area[piece_of_loop])
    chosen = closed[loop_of_fan]
    return fans[chosen], piece_of_loop[loop_of_fan[chosen]], is_open


def _areas(corners: np.ndarray) -> np.ndarray:
    sides = corners[:, 1:].astype(np.float64) - corners[:, :1]
    areas: np.ndarray = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1) / 2
    return areas


def _loops(ends: np.ndarray, count: int) -> list[list[int]]:
    """Simple loops that edges between `count` nodes make up, every node having an even number of them."""
    edges: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for i, (a, b) in enumerate(ends.tolist()):
        edges[a].append((i, b))
        edges[b].append((i, a))
    used = bytearray(len(ends))
    loops = []
    for start in range(count):
        path, place = [start], {start: 0}
        while path:
            here = edges[path[-1]]
            while here and used[here[-1][0]]:
                here.pop()
            if not here:
                break
            i, node = here.pop()
            used[i] = True
            if node in place:
                loops.append(path[place[node] :])
                for left in path[place[node] + 1 :]:
                    del place[left]
                del path[place[node] + 1 :]
            else:
                place[node] = len(path)
                path.append(node)
    return loops


def _fans(path: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangles (C, 3, 3) from the middle of each loop to its edges, and their loops; one for a loop of three."""
    starts = np.cumsum(lengths) - lengths
    loop = np.repeat(np.arange(len(lengths)), lengths)
    following = np.arange(1, len(path) + 1)
    following[starts + lengths - 1] = starts
    middle = (np.add.reduceat(path.astype(np.float64), starts) / lengths[:, None]).astype(np.float32)
    fans = np.stack([path, path[following], middle[loop]], axis=1)
    three = starts[lengths == 3]
    fans[three, 2] = path[three + 2]
    keep = np.ones(len(path), bool)
    keep[three + 1] = keep[three + 2] = False
    return fans[keep], loop[keep]


def _are_in_order(piece: np.ndarray, is_open: np.ndarray) -> bool:
    """Whether every piece is a part as it is, its faces in their place; pieces are numbered by mesh already."""
    enough = (np.bincount(piece, minlength=len(is_open)) >= _FEWEST_FACES).all()
    return bool(enough and not is_open.any() and (piece[1:] >= piece[:-1]).all())


def _sorted_parts(
    corners: np.ndarray, piece: np.ndarray, mesh_of_piece: np.ndarray, is_open: np.ndarray
) -> SolidParts:
    """Number the parts by mesh: every piece that can enclose anything, and the open pieces of each mesh together."""
    count = len(is_open)
    of_mesh = np.bincount(mesh_of_piece[is_open], minlength=mesh_of_piece.max() + 1)
    together = np.flatnonzero(is_open[piece] & (of_mesh[mesh_of_piece[piece]] > 1))
    fills = np.bincount(piece, minlength=count) >= _FEWEST_FACES
    alone = np.flatnonzero(fills[piece])
    part = np.concatenate([piece[alone], count + mesh_of_piece[piece[together]]])
    mesh = mesh_of_piece[piece[np.concatenate([alone, together])]]
    needed = np.where(part < count, 2, 3)
    order = np.lexsort((part, mesh))
    part, first = part[order], np.ones(len(part), bool)
    first[1:] = part[1:] != part[:-1]
    chosen = np.concatenate([alone, together])[order]
    return SolidParts(corners[chosen], np.cumsum(first) - 1, mesh[order][first], needed[order][first])
