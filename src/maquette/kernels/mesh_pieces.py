"""Pieces of meshes: faces that hang together by their edges, found by joining sets of faces edge by edge.

A set is a tree over its faces, its root the first of them. One thread does it all: the work is little, and the trees
are shared.
"""

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.launch import launch

__all__ = ["pieces"]


@wp.func
def _root(parent: wp.array(dtype=wp.int64), face: wp.int64) -> wp.int64:
    """The first face of a set; the way to it is halved for the next time."""
    while parent[int(face)] != face:
        parent[int(face)] = parent[int(parent[int(face)])]
        face = parent[int(face)]
    return face


@wp.kernel(enable_backward=False)
def _join(
    start: int,
    starts: wp.array(dtype=wp.int64),
    faces: wp.array(dtype=wp.int64),
    parent: wp.array(dtype=wp.int64),
) -> None:
    """Join the faces around each edge."""
    for edge in range(starts.shape[0] - 1):
        first = int(starts[edge])
        for k in range(first + 1, int(starts[edge + 1])):
            a, b = _root(parent, faces[first]), _root(parent, faces[k])
            parent[int(wp.max(a, b))] = wp.min(a, b)


@wp.kernel(enable_backward=False)
def _number(start: int, piece: wp.array(dtype=wp.int64)) -> None:
    """Parents become numbers of sets, in order of their first faces; a parent comes before its children."""
    count = wp.int64(0)
    for face in range(piece.shape[0]):
        parent = piece[face]
        if parent == wp.int64(face):
            piece[face] = count
            count = count + wp.int64(1)
        else:
            piece[face] = piece[int(parent)]


def pieces(starts: Tensor, faces: Tensor, count: int) -> Tensor:
    """The piece of every face: faces around one edge are of the same.

    Args:
        starts: (E + 1,) int64: where the faces around each edge begin, and the end of the last, on the CPU.
        faces: (K,) int64: the faces around each edge, one edge after another.
        count: F, number of faces.

    Returns:
        (F,) int64, numbered in order of the pieces' first faces.
    """
    piece, device = torch.arange(count), torch.device("cpu")
    one = [(0, 1)]
    launch(_join, 1, [starts, faces, piece], device, one)
    launch(_number, 1, [piece], device, one)
    return piece
